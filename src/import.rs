//! Makes a run from a saved log: what `wandb-rs run` would have recorded if the script had printed it just then.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::inbox::Gate;
use crate::parse::stamp::{self, Stamp};
use crate::parse::{Options, Row};
use crate::recorder::Warning;
use crate::recorder::run_log::{Files, RunLog};
use crate::recorder::streams::Streams;
use crate::run::{Event, Now, RunState, Stream};

/// Lines of the same time are handled together up to this many bytes.
const TOGETHER: usize = 64 * 1024;
/// Longest part of a line that is read at once: what is longer is recorded in parts.
const LINE: u64 = 1024 * 1024;
/// How many changes of time are remembered for rows that prove themselves late.
const REMEMBERED: usize = 1000;
/// Bytes at the beginning of a log in which its first time is looked for.
const HEAD: u64 = 1024 * 1024;

/// What an import needs.
pub struct Import {
    pub state: RunState,
    pub files: Files,
    pub options: Option<Options>,
    pub calendar: Calendar,
    pub exit_code: i32,
}

/// What a log's times mean.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    /// For times without a year.
    pub year: i32,
    /// For a log without times: when it was last written, in nanoseconds since the Unix epoch.
    pub fallback: i128,
    /// Nanoseconds since the Unix epoch of a time by the clock on the wall.
    pub local: fn(chrono::NaiveDateTime) -> Option<i128>,
}

/// Finds the time of each line.
struct Times {
    calendar: Calendar,
    last: Option<Stamp>,
}

impl Times {
    fn of(&mut self, line: &[u8]) -> Option<i128> {
        let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
        let stamp = stamp::find(&text, self.calendar.year)?;
        let stamp = self.last.map_or(stamp, |last| stamp.after(last));
        self.last = Some(stamp);
        stamp.unix_nanos(self.calendar.local)
    }
}

/// The first time in a log, in nanoseconds since the Unix epoch; that of the calendar if there is none.
pub fn begin(input: impl BufRead, calendar: Calendar) -> io::Result<i128> {
    let mut input = input.take(HEAD);
    let mut times = Times {
        calendar,
        last: None,
    };
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if let Some(time) = times.of(&line) {
            return Ok(time);
        }
        line.clear();
    }
    Ok(calendar.fallback)
}

/// Records the log. `begin` is the time of the run's start; gives the run's final state and time.
pub fn run(
    mut input: impl BufRead,
    import: Import,
    begin: i128,
    warn: Arc<dyn Fn(Warning) + Send + Sync>,
) -> io::Result<(RunState, Now)> {
    let mut times = Times {
        calendar: import.calendar,
        last: None,
    };
    let mut now = Now {
        unix_nanos: begin,
        elapsed: Duration::ZERO,
    };
    let mut recording = Recording {
        run: RunLog::new(import.state, import.files, Gate::default(), warn),
        streams: Streams::new(import.options.as_ref()),
        lines: 0,
        times: VecDeque::new(),
    };
    let mut gathered = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut input, LINE).read_until(b'\n', &mut line)?;
        let time = times.of(&line);
        let changed = time.is_some_and(|time| time != now.unix_nanos);
        if !gathered.is_empty() && (read == 0 || changed || gathered.len() >= TOGETHER) {
            recording.take(&gathered, now);
            gathered.clear();
        }
        if read == 0 {
            break;
        }
        if let Some(time) = time {
            now.unix_nanos = time;
            // A clock that was set back does not make the run shorter.
            let since = u64::try_from(time - begin).unwrap_or(0);
            now.elapsed = now.elapsed.max(Duration::from_nanos(since));
        }
        gathered.extend_from_slice(&line);
    }
    Ok((recording.finish(import.exit_code, now), now))
}

struct Recording {
    run: RunLog,
    streams: Streams,
    lines: u64,
    /// The first line of each time.
    times: VecDeque<(u64, Now)>,
}

impl Recording {
    fn take(&mut self, bytes: &[u8], now: Now) {
        self.times.push_back((self.lines + 1, now));
        if self.times.len() > REMEMBERED {
            self.times.pop_front();
        }
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (run, times) = (&mut self.run, &self.times);
        self.streams
            .feed(Stream::Stdout, Instant::now(), bytes, true, &mut |piece| {
                run.console(piece.stream, piece.text, now);
                rows(run, piece.rows, times, now);
            });
        self.run.settle(now);
        self.run.write(now, false);
    }

    fn finish(mut self, exit_code: i32, now: Now) -> RunState {
        let (run, times) = (&mut self.run, &self.times);
        self.streams.finish(&mut |piece| {
            run.console(piece.stream, piece.text, now);
            rows(run, piece.rows, times, now);
        });
        run.apply(Event::Exit { code: exit_code }, now);
        run.finish(now);
        self.run.into_state()
    }
}

/// Rows are logged at the time of their own line.
fn rows(run: &mut RunLog, found: &mut Vec<Row>, times: &VecDeque<(u64, Now)>, now: Now) {
    for row in found.drain(..) {
        let after = times.partition_point(|(line, _)| *line <= row.line);
        let at = after
            .checked_sub(1)
            .and_then(|index| times.get(index))
            .map_or(now, |(_, at)| *at);
        run.rows(&mut vec![row], at);
    }
}
