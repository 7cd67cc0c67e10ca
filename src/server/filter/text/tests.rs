use super::super::testing::{NOW, RUN, matches};
use super::*;

fn holds(text: &str) -> bool {
    let filter = parse(text, NOW).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    matches(&filter, &RUN)
}

fn error(text: &str) -> (String, usize) {
    let error = parse(text, NOW).err().unwrap_or_else(|| panic!("{text}"));
    (error.message, error.at)
}

#[test]
fn conditions_hold_for_the_runs_they_describe() {
    for text in [
        "",
        "  ",
        "config.lr < 0.02 and summary.acc > 0.8",
        "config.lr<0.02 AND summary.acc>=9e-1",
        "config.lr = 1e-2",
        "metrics.acc == .9",
        "metrics.acc <= +0.9",
        "state == running",
        "state == 'Running'",
        "name ~ \"ResNet.*\"",
        "name ~ ^ResNet-\\d+",
        r#"name ~ "\d+ B""#,
        "\"prod\" in tags",
        "prod in tags and not (x in tags)",
        "x not in tags",
        "tags == v2",
        "tags != x",
        "tags exists",
        "64 in config.layers and x in config.layers",
        "config.model.name in [\"vit\", 'b']",
        "config.model.depth not in [1, 2,]",
        "state in [running,finished]",
        "summary.acc exists",
        "config.nope not exists",
        "not config.nope exists",
        "summary.`val/acc` > 0.4 and summary.val/acc < 0.6",
        "config.on == true",
        "config.on == True",
        "config.none == null and config.none exists and config.nope = None",
        "config.nope != 3",
        "config.size == \"10\"",
        "summary.loss == NaN",
        "summary.acc < inf",
        "summary.text == 'é \"q\"'",
        r#"summary.text == "é \"q\"""#,
        "group == \"\" and group == null and not group exists",
        "runtime > 1h and runtime <= 90m and runtime == 1h30m and runtime < 2h",
        "created > -7d and created < -1d",
        "created == 2026-11-22",
        "created in [2026-11-21, 2026-11-22]",
        "created >= 2026-11-22 and created <= 2026-11-22 and created < 2026-11-23",
        "created > 2026-11-21 and created > \"2026-11-22 11:59\"",
        "id == abc123",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "config.lr == 10",
        "config.size == 10",
        "config.size > 5",
        "config.on == 1",
        "config.nope < 3",
        "config.nope > 3",
        "config.nope == 3",
        "summary.loss > 0",
        "summary.loss <= 0",
        "created > 2026-11-22",
        "created != 2026-11-22",
        "heartbeat > -7d",
        "name ~ resnet",
        "not tags exists",
        "state in []",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn plain_words_are_parts_of_the_shown_name() {
    for text in [
        "resnet",
        "BASE",
        "50 resnet",
        "\"net-50 b\"",
        "resnet state = running",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "vit",
        "resnet vit",
        "\"50 resnet\"",
        "not resnet",
        "\"not\"",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn not_binds_closer_than_and_and_and_closer_than_or() {
    assert!(holds("resnet or x and y"));
    assert!(!holds("(resnet or x) and y"));
    assert!(holds("not x and resnet"));
    assert!(!holds("not (x or resnet)"));
    assert!(holds("not not resnet"));
}

#[test]
fn a_mistake_is_told_with_its_place() {
    for (text, message, at) in [
        (
            "lr < 1",
            "there is no name `lr`; a value of the run is `config.lr` or `summary.lr`",
            0,
        ),
        ("é and foo.x = 1", "there is no name `foo.x`", 6),
        ("config.lr <", "expected a value, found the end", 11),
        ("config.lr < )", "expected a value, found `)`", 12),
        ("(a", "expected `)`, found the end", 2),
        ("a)", "expected a condition, found `)`", 1),
        ("a or", "expected a condition, found the end", 4),
        ("and a", "expected a condition, found `and`", 0),
        ("a, b", "expected a condition, found `,`", 1),
        ("a ! b", "`!` needs a `=` behind it", 2),
        ("a \"b", "the string has no end", 2),
        ("summary.`a", "the backquote has no end", 0),
        ("\"a\" < 1", "expected a name, not a string", 0),
        ("state in [a b]", "expected `,` or `]`, found `b`", 12),
        ("state in [a", "expected `,` or `]`, found the end", 11),
        ("a in name", "only tags, config and summary have lists", 5),
        ("a in 'tags'", "expected a name or `[`, found \"tags\"", 5),
        ("name ~ '('", "not a regular expression: unclosed group", 7),
        ("runtime > soon", "not a duration, such as 90s or 1h30m", 10),
        ("created > 7d", "not a time, such as 2026-11-23 or -7d", 10),
    ] {
        assert_eq!(error(text), (message.to_owned(), at), "{text}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    let deep = |n| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&deep(MAX_DEPTH), NOW).is_ok());
    assert_eq!(
        error(&deep(MAX_DEPTH + 1)),
        ("nested too deeply".into(), MAX_DEPTH + 1)
    );
    assert!(parse(&"not ".repeat(2000), NOW).is_err());
    assert_eq!(error(&" ".repeat(MAX_LENGTH + 1)).1, 0);
    let large = error(r"name ~ '(\w{100}){100}'");
    assert_eq!(large, ("the regular expression is too large".into(), 7));
    assert!(parse(&"name ~ a ".repeat(21), NOW).is_err());
}

#[test]
fn each_path_is_needed_once() {
    let filter = parse("config.a > 1 and config.a < 3 or summary.a exists", NOW).unwrap();
    let paths = ["config.a", "summary.a"].map(Name::from_text);
    let needed = filter.paths().iter().cloned().map(Name::Path).map(Some);
    assert!(needed.eq(paths));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_handled(bytes: Vec<u8>) {
        fuzz_filter(&bytes);
    }

    #[test]
    fn filter_like_texts_are_handled(text in r#"((and|or|not|in|exists|\(|\)|\[|\]|,|<|>=|==|!=|~|name|tags|config\.a|created|runtime|-7d|2026-01-01|1h|0\.1|"a|'b'|`|é|null)[ ]?){0,12}"#) {
        fuzz_filter(text.as_bytes());
    }
}
