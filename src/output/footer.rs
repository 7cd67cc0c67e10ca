//! The block at the end of a run: history as sparklines, then the summary.

use super::number;
use super::sparkline::{self, sparkline};
use crate::run::RunState;

/// Most rows of each grid.
const ROWS: usize = 10;

/// The grids of a run, without prefix; a grid without rows is left out. `columns` is the terminal's width.
pub fn grids(state: &RunState, unicode: bool, columns: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    if unicode {
        let series = state.history_view();
        let room = |key: usize| match columns {
            // "wandb: ", the key, a blank.
            Some(columns) => columns.saturating_sub(8 + key).clamp(8, sparkline::WIDTH),
            None => sparkline::WIDTH,
        };
        let longest = series
            .iter()
            .take(ROWS)
            .map(|(key, _)| key.chars().count())
            .max();
        let width = room(longest.unwrap_or(0));
        let rows = series
            .iter()
            .map(|(key, series)| (*key, sparkline(&series.sample(width))))
            .filter(|(_, line)| !line.is_empty())
            .collect();
        grid("Run history:", rows, &mut lines);
    }
    let rows = state
        .summary_view()
        .into_iter()
        .filter_map(|(key, value)| Some((key, number::show(&value)?)))
        .collect();
    grid("Run summary:", rows, &mut lines);
    lines
}

fn grid(title: &str, rows: Vec<(&str, String)>, lines: &mut Vec<String>) {
    if rows.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    let more = rows.len().saturating_sub(ROWS);
    let rest = format!("+{more}");
    let mut rows: Vec<(&str, String)> = rows.into_iter().take(ROWS).collect();
    if more > 0 {
        rows.push((&rest, "...".to_owned()));
    }
    let width = rows
        .iter()
        .map(|(key, _)| console::measure_text_width(key))
        .max()
        .unwrap_or(0);
    for (key, value) in rows {
        let pad = width - console::measure_text_width(key);
        lines.push(format!("{}{key} {value}", " ".repeat(pad)));
    }
}

/// A duration as `3m12s`.
pub fn duration(time: std::time::Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", time.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!(
            "{}h{:02}m{:02}s",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Event, Now};
    use crate::wire::fields::Fields;
    use crate::wire::json::Value;
    use crate::wire::records::Records;
    use crate::wire::schema::{RunRecord, TelemetryRecord};
    use std::time::Duration;

    fn state(columns: usize, rows: usize) -> RunState {
        let mut state = RunState::new(RunRecord::default(), TelemetryRecord::default());
        let now = Now {
            unix_nanos: 0,
            elapsed: Duration::ZERO,
        };
        for row in 0..rows {
            let values: Vec<_> = (0..columns)
                .map(|c| (format!("m{c}"), Value::Float((row * (c + 1)) as f64)))
                .collect();
            let event = Event::Log {
                fields: Fields::from_values(&values),
                step: None,
                commit: None,
            };
            state.apply(event, now, &mut Records::default());
        }
        state
    }

    #[test]
    fn grids_are_aligned_and_limited() {
        let mut small = state(2, 4);
        let summary = Event::Summary(vec![
            ("best_name".into(), "adam".into()),
            ("_hidden".into(), Value::Int(1)),
        ]);
        let now = Now {
            unix_nanos: 0,
            elapsed: Duration::ZERO,
        };
        small.apply(summary, now, &mut Records::default());
        insta::assert_snapshot!(grids(&small, true, None).join("\n"), @r"
        Run history:
        m0 ▁▃▆█
        m1 ▁▃▆█
        Run summary:
        best_name adam
               m0 3
               m1 6
        ");
        insta::assert_snapshot!(grids(&small, false, None).join("\n"), @r"
        Run summary:
        best_name adam
               m0 3
               m1 6
        ");
        let many = grids(&state(25, 2), true, None);
        assert_eq!((many.len(), many[11].as_str()), (24, "+15 ..."));
        assert_eq!(
            grids(&state(1, 200), true, Some(20))[1].chars().count(),
            3 + 10
        );
        assert!(grids(&state(0, 0), true, None).is_empty());
    }

    #[test]
    fn durations() {
        for (seconds, text) in [
            (0, "0.0s"),
            (9, "9.0s"),
            (59, "59s"),
            (192, "3m12s"),
            (3_725, "1h02m05s"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
