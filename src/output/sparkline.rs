//! Sparklines: a series as one line of bars.

/// Most columns.
pub const WIDTH: usize = 40;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a value, scaled between the smallest and the largest finite one; gaps for the others.
/// Empty if no value is finite. Source: `wandb/sdk/lib/sparkline.py`.
pub fn sparkline(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (Some(min), Some(max)) = (finite().reduce(f64::min), finite().reduce(f64::max)) else {
        return String::new();
    };
    // Half of each, so that the difference of extreme values stays finite.
    let span = max / 2.0 - min / 2.0;
    values
        .iter()
        .map(|value| {
            if !value.is_finite() {
                return ' ';
            }
            let part = if span > 0.0 {
                (value / 2.0 - min / 2.0) / span
            } else {
                0.0
            };
            BARS[((part * 7.0).round_ties_even() as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_those_of_the_official_client() {
        for (values, bars) in [
            (&[0.5, 1.5, 2.5, 3.5][..], "▁▃▆█"),
            (&[1.0], "▁"),
            (&[f64::NAN, 1.0, 2.0], " ▁█"),
            (&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "▁▂▃▄▅▆▇█"),
            (&[0.0, 1.0, f64::INFINITY], "▁█ "),
            (&[3.0, 3.0], "▁▁"),
            (&[-1.7e308, 1.7e308], "▁█"),
            (&[f64::NAN], ""),
            (&[], ""),
        ] {
            assert_eq!(sparkline(values), bars, "{values:?}");
        }
    }
}
