//! The evaluation of detectors as pycocotools prints it, in dozens of projects:
//! ` Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.402`.

use super::number;
use super::{Found, Pair};

/// The pair of such a line, under its usual short name: `AP`, `AP50`, `APs`, `AR100` …
pub fn find(line: &str) -> Option<Found> {
    let (head, rest) = line.split_once("@[")?;
    let (qualifiers, value) = rest.split_once("] = ")?;
    let value = number::parse(value.trim())?;
    let short = head.trim().strip_suffix(')')?.rsplit_once('(')?.1;
    let qualifier = |name: &str| {
        qualifiers
            .split('|')
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim())
    };
    let area = qualifier("area").filter(|area| *area != "all");
    let overlap = qualifier("IoU").filter(|overlap| !overlap.contains(':'));
    let detail = match (area, overlap) {
        (Some(area), _) => area.chars().take(1).collect(),
        (None, Some(overlap)) => overlap.trim_start_matches("0.").to_owned(),
        // Recall is told for several numbers of detections, precision for one.
        (None, None) if short == "AR" => qualifier("maxDets").unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    };
    Some(Found {
        pairs: vec![Pair {
            key: format!("{short}{detail}"),
            value,
        }],
        whole_line: true,
        report: true,
        sure: true,
        ..Found::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names() {
        for (line, pair) in [
            (
                " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.402",
                "AP=0.402",
            ),
            (
                " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.611",
                "AP50=0.611",
            ),
            (
                " Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.191",
                "APs=0.191",
            ),
            (
                " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.5",
                "AR10=0.5",
            ),
        ] {
            let found = find(line).unwrap();
            let shown = format!("{}={}", found.pairs[0].key, found.pairs[0].value.to_json());
            assert_eq!(shown, pair);
        }
        assert_eq!(find("loss @[ x ] = 3"), None);
    }
}
