//! From the bytes of the child's streams to console text and rows of metrics.

use std::time::{Duration, Instant};

use crate::parse::{Options, Parser, Row};
use crate::run::Stream;
use crate::text::{Collapser, Utf8Stream};

/// A rewritten line is recorded at most this often before it ends.
const REFRESH: Duration = Duration::from_secs(1);
/// Longest text that is given at once.
pub const PIECE: usize = 64 * 1024;

/// Both streams of one child.
#[derive(Debug)]
pub struct Streams {
    stdout: State,
    stderr: State,
    /// Collapsed text; kept for its memory.
    text: String,
    rows: Vec<Row>,
    skipped: u64,
}

/// What is kept of one stream.
#[derive(Debug)]
struct State {
    utf8: Utf8Stream,
    collapser: Collapser,
    held_since: Option<Instant>,
    parser: Option<Parser>,
}

/// A piece of console text, and the rows that were found up to its end.
#[derive(Debug)]
pub struct Piece<'a> {
    pub stream: Stream,
    pub text: &'a str,
    pub rows: &'a mut Vec<Row>,
}

impl State {
    fn new(parse: Option<&Options>) -> Self {
        Self {
            utf8: Utf8Stream::default(),
            collapser: Collapser::default(),
            held_since: None,
            parser: parse.map(|options| Parser::new(options.clone())),
        }
    }

    /// Appends what is held back, in its present state.
    fn release(&mut self, text: &mut String) {
        self.collapser.flush(text);
        self.held_since = None;
    }
}

impl Streams {
    /// Streams that are searched for metrics with these options, or not at all.
    pub fn new(parse: Option<&Options>) -> Self {
        Self {
            stdout: State::new(parse),
            stderr: State::new(parse),
            text: String::new(),
            rows: Vec::new(),
            skipped: 0,
        }
    }

    /// Takes output that came at `at`. With `search` off it is only recorded.
    pub fn feed(
        &mut self,
        stream: Stream,
        at: Instant,
        bytes: &[u8],
        search: bool,
        give: &mut impl FnMut(Piece<'_>),
    ) {
        let (state, other, other_stream) = match stream {
            Stream::Stdout => (&mut self.stdout, &mut self.stderr, Stream::Stderr),
            Stream::Stderr => (&mut self.stderr, &mut self.stdout, Stream::Stdout),
        };
        self.text.clear();
        // What the other stream showed before goes before: lines are in the order in which they were begun.
        if other.held_since.is_some() {
            other.release(&mut self.text);
            give(Piece {
                stream: other_stream,
                text: &self.text,
                rows: &mut self.rows,
            });
        }
        for bytes in bytes.chunks(PIECE) {
            let text = state.utf8.decode(bytes);
            if let Some(parser) = &mut state.parser {
                if search {
                    parser.feed(&text, &mut self.rows);
                } else {
                    parser.skip();
                    self.skipped += bytes.len() as u64;
                }
            }
            self.text.clear();
            state.collapser.feed(&text, &mut self.text);
            state.held_since = state
                .collapser
                .holds()
                .then(|| state.held_since.unwrap_or(at));
            give(Piece {
                stream,
                text: &self.text,
                rows: &mut self.rows,
            });
        }
    }

    /// Gives lines that are being rewritten in their present state if they have been held for long, or at once.
    pub fn refresh(&mut self, all: bool, give: &mut impl FnMut(Piece<'_>)) {
        for (stream, state) in [
            (Stream::Stdout, &mut self.stdout),
            (Stream::Stderr, &mut self.stderr),
        ] {
            if state
                .held_since
                .is_some_and(|since| all || since.elapsed() >= REFRESH)
            {
                self.text.clear();
                state.release(&mut self.text);
                give(Piece {
                    stream,
                    text: &self.text,
                    rows: &mut self.rows,
                });
            }
        }
    }

    /// When [`Streams::refresh`] will have something to do, if nothing comes.
    pub fn deadline(&self) -> Option<Instant> {
        [&self.stdout, &self.stderr]
            .into_iter()
            .filter_map(|state| Some(state.held_since? + REFRESH))
            .min()
    }

    /// The streams are over: what is unfinished counts.
    pub fn finish(&mut self, give: &mut impl FnMut(Piece<'_>)) {
        for (stream, state) in [
            (Stream::Stdout, &mut self.stdout),
            (Stream::Stderr, &mut self.stderr),
        ] {
            self.text.clear();
            state.collapser.feed(state.utf8.finish(), &mut self.text);
            state.release(&mut self.text);
            if let Some(parser) = &mut state.parser {
                parser.finish(&mut self.rows);
            }
            give(Piece {
                stream,
                text: &self.text,
                rows: &mut self.rows,
            });
        }
    }

    /// From now on nothing is searched for metrics.
    pub fn stop_searching(&mut self) {
        self.stdout.parser = None;
        self.stderr.parser = None;
    }

    /// Bytes that were not searched because they came too fast.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}
