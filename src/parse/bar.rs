//! Progress bars as tqdm draws them: `description:  50%|█████     | 10/20 [00:01<00:01, 9.5it/s, loss=0.5]`.

use super::{Found, number, pairs, scan};

/// The parts of a bar.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Bar<'a> {
    pub description: &'a str,
    /// Position and total.
    pub position: Option<(u64, u64)>,
    /// What stands in the brackets behind the rate.
    pub postfix: &'a str,
    /// What is behind the bar on the same line.
    pub rest: &'a str,
}

/// Takes a bar apart.
pub fn split(line: &str) -> Option<Bar<'_>> {
    let percent = scan::find_two(line, *b"%|")?;
    let digits = line[..percent]
        .bytes()
        .rev()
        .take_while(|b| b.is_ascii_digit() || *b == b'.')
        .count();
    if digits == 0 {
        return None;
    }
    let description = line[..percent - digits].trim_end().trim_end_matches(':');
    let behind = &line[percent + 2..];
    let behind = &behind[behind.find('|')? + 1..];
    let position = behind.split_whitespace().next().and_then(|word| {
        let (n, total) = word.split_once('/')?;
        Some((n.parse().ok()?, total.parse().ok()?))
    });
    let open = behind.find('[');
    let close = open.and_then(|open| Some(open + behind[open..].rfind(']')?));
    let (postfix, rest) = match (open, close) {
        (Some(open), Some(close)) => (&behind[open + 1..close], &behind[close + 1..]),
        _ => ("", ""),
    };
    Some(Bar {
        description,
        position,
        postfix,
        rest,
    })
}

/// What identifies the bar that a line shows while it grows: its text in front with the numbers masked.
pub fn identity(line: &str) -> Option<(&str, u64)> {
    if let Some(bar) = split(line) {
        // `Epoch 1` and `Epoch 2` are two bars, `loss 0.5` and `loss 0.4` in front of it are one.
        let cut = bar
            .description
            .find(['|', '='])
            .unwrap_or(bar.description.len());
        return Some((
            bar.description[..cut].trim_end(),
            bar.position.map_or(0, |(n, _)| n),
        ));
    }
    // Keras: `3/16 ━━━━ 1s 5ms/step - loss: 0.5`.
    let token = number::next(line, 0)?;
    let lead = line[..token.start].trim();
    match token.kind {
        number::Kind::Part(n) if lead.is_empty() => Some(("", n.max(0).cast_unsigned())),
        _ => None,
    }
}

/// Pairs of a bar: those in its description and those behind the rate.
pub fn find(bar: &Bar<'_>) -> Option<Found> {
    let mut found = pairs::find(bar.description).unwrap_or_default();
    if let Some(behind) = pairs::find(bar.postfix) {
        if let Some(step) = behind.step_value() {
            found.step(step, 0);
        }
        for pair in behind.pairs {
            if !found.pairs.iter().any(|known| known.key == pair.key) {
                found.pairs.push(pair);
            }
        }
        found.epoch = found.epoch.or(behind.epoch);
    }
    found.report = true;
    found.batch = true;
    (!found.pairs.is_empty() || found.counted()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_taken_apart() {
        let bar = split(
            "Epoch 1/2:  50%|█████     | 10/20 [00:00<00:00, 9.5it/s, acc=79.00%, loss=0.024] done",
        )
        .unwrap();
        assert_eq!(
            (bar.description, bar.position, bar.rest),
            ("Epoch 1/2", Some((10, 20)), " done")
        );
        let found = find(&bar).unwrap();
        let pairs: Vec<_> = found
            .pairs
            .iter()
            .map(|p| format!("{}={}", p.key, p.value.to_json()))
            .collect();
        assert_eq!(
            (pairs.join(" ").as_str(), found.epoch),
            ("acc=79.0 loss=0.024", Some(1.0))
        );
        assert_eq!(split("50% of |x|"), None);
        assert_eq!(
            identity("eval | loss 0.05:  50%|██ | 10/20 [00:00]").unwrap(),
            ("eval", 10)
        );
        assert_eq!(identity("16/16 ━━━ 0s - loss: 0.5").unwrap().1, 16);
    }
}
