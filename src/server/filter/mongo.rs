//! Filters as `wandb.Api().runs(filters=…)` sends them: a small part of Mongo's query language.
//!
//! ```json
//! {"$and": [{"state": "finished"}, {"config.lr.value": {"$gte": 0.01, "$lt": 1}}, {"tags": {"$in": ["a", "b"]}}]}
//! ```
//!
//! Between conditions: `$and $or $nor $not`. For a value: `$eq $ne $gt $gte $lt $lte $in $nin $all $exists $regex` (with
//! `$options`), `$contains` (part of a text; W&B's own) and `$not`. The names are in [`name`](super::name). Times are ISO
//! texts, UTC without an offset. A `null` among conditions is left out: the official client writes it for a filter that
//! is switched off. What is not known is an error: to leave it out would show the wrong runs.
//! A text has at most [`MAX_LENGTH`] bytes.

use super::name::{Name, NumberField, TextField};
use super::{Check, Filter, Literal, MAX_DEPTH, Node, Parts, Relation, Subject, time};
use crate::wire::json::Value;

/// Longest filter, in bytes: thousands of run IDs behind `$in`.
pub const MAX_LENGTH: usize = 1 << 20;

/// Parses a filter.
pub fn parse(json: &str) -> Result<Filter, String> {
    if json.len() > MAX_LENGTH {
        return Err(format!("the filter is longer than {MAX_LENGTH} bytes"));
    }
    let mut parts = Parts::default();
    if json.trim().is_empty() {
        return Ok(parts.filter(Node::All(Vec::new())));
    }
    let value = Value::parse(json).map_err(|error| format!("the filter is no JSON: {error}"))?;
    let root = conditions(&value, &mut parts, 0)?;
    Ok(parts.filter(root))
}

/// `{"name": …, "$or": […]}`: all must hold.
fn conditions(value: &Value, parts: &mut Parts, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err("the filter is nested too deeply".to_owned());
    }
    let members = match value {
        Value::Map(members) => members,
        Value::Null => return Ok(Node::All(Vec::new())),
        other => return Err(format!("expected conditions, found {}", other.kind())),
    };
    let mut nodes = Vec::new();
    for (key, value) in members {
        nodes.push(match key.as_str() {
            "$and" => Node::All(list(key, value, parts, depth)?),
            // Nothing but conditions that are switched off is no condition, not one that never holds.
            "$or" if all_null(value) => Node::All(Vec::new()),
            "$or" => Node::Any(list(key, value, parts, depth)?),
            "$nor" => Node::Any(list(key, value, parts, depth)?).not(),
            "$not" => conditions(value, parts, depth + 1)?.not(),
            _ if key.starts_with('$') => return Err(format!("unknown operator `{key}`")),
            _ => {
                let name = Name::from_mongo(key).ok_or_else(|| format!("unknown name `{key}`"))?;
                let subject = parts.subject(name);
                tests(subject, value, parts, depth)?
            }
        });
    }
    Ok(Node::All(nodes))
}

fn list(key: &str, value: &Value, parts: &mut Parts, depth: usize) -> Result<Vec<Node>, String> {
    let items = items(key, value)?.iter();
    items
        .filter(|item| **item != Value::Null)
        .map(|item| conditions(item, parts, depth + 1))
        .collect()
}

fn all_null(value: &Value) -> bool {
    matches!(value, Value::List(items) if !items.is_empty() && items.iter().all(|item| *item == Value::Null))
}

fn items<'v>(key: &str, value: &'v Value) -> Result<&'v [Value], String> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(format!("`{key}` needs a list, found {}", other.kind())),
    }
}

/// What stands behind a name: a value, or operators that must all hold.
fn tests(subject: Subject, value: &Value, parts: &mut Parts, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err("the filter is nested too deeply".to_owned());
    }
    let Value::Map(members) = value else {
        return equal(subject, value);
    };
    if members.is_empty() {
        return equal(subject, value);
    }
    let test = |check| Node::Test(subject, check);
    let mut nodes = Vec::new();
    for (operator, operand) in members {
        nodes.push(match operator.as_str() {
            "$eq" => equal(subject, operand)?,
            "$ne" => equal(subject, operand)?.not(),
            "$lt" => test(Check::Compare(Relation::Less, literal(subject, operand)?)),
            "$lte" => test(Check::Compare(
                Relation::LessOrEqual,
                literal(subject, operand)?,
            )),
            "$gt" => test(Check::Compare(
                Relation::Greater,
                literal(subject, operand)?,
            )),
            "$gte" => test(Check::Compare(
                Relation::GreaterOrEqual,
                literal(subject, operand)?,
            )),
            "$in" => one_of(subject, operator, operand)?,
            "$nin" => one_of(subject, operator, operand)?.not(),
            "$all" => {
                let items = items(operator, operand)?.iter();
                let nodes = items.map(|item| equal(subject, item));
                Node::All(nodes.collect::<Result<_, _>>()?)
            }
            "$exists" => match operand {
                Value::Bool(false) | Value::Int(0) => test(Check::Exists).not(),
                Value::Bool(true) | Value::Int(_) => test(Check::Exists),
                other => return Err(format!("`$exists` needs a boolean, found {}", other.kind())),
            },
            "$regex" => {
                let options = value.get("$options").map_or(Some(""), Value::as_str);
                let ignore_case = match options {
                    Some("") => false,
                    Some("i") => true,
                    _ => return Err("only `i` is known as `$options`".to_owned()),
                };
                test(parts.regex(text(operator, operand)?, ignore_case)?)
            }
            "$options" if value.get("$regex").is_some() => continue,
            "$contains" => test(Check::Contains(text(operator, operand)?.to_owned())),
            "$not" => tests(subject, operand, parts, depth + 1)?.not(),
            _ => return Err(format!("unknown operator `{operator}`")),
        });
    }
    Ok(Node::All(nodes))
}

fn text<'v>(operator: &str, operand: &'v Value) -> Result<&'v str, String> {
    let kind = operand.kind();
    let text = operand.as_str();
    text.ok_or_else(|| format!("`{operator}` needs a string, found {kind}"))
}

fn one_of(subject: Subject, operator: &str, operand: &Value) -> Result<Node, String> {
    let items = items(operator, operand)?.iter();
    if let Subject::Number(_) = subject {
        let nodes = items.map(|item| equal(subject, item));
        return Ok(Node::Any(nodes.collect::<Result<_, _>>()?));
    }
    let literals = items.map(|item| literal(subject, item));
    let literals = literals.collect::<Result<Vec<_>, _>>()?;
    // Null is what an empty list of tags equals, not one of its members.
    let null = literals.contains(&Literal::Null);
    let listed = Node::Test(subject, Check::one_of(literals));
    Ok(if null {
        let null = Node::Test(subject, Check::Equal(Literal::Null));
        Node::Any(vec![listed, null])
    } else {
        listed
    })
}

fn equal(subject: Subject, operand: &Value) -> Result<Node, String> {
    let test = |check| Node::Test(subject, check);
    // The API shows times in whole seconds: one of them means the second.
    if let (Subject::Number(NumberField::Created | NumberField::Heartbeat), Some(text)) =
        (subject, operand.as_str())
        && let Some(moment) = time::iso(text)
        && text.contains(':')
    {
        let end = Literal::Number(moment.start + moment.length.max(1e-6));
        let start = Literal::Number(moment.start);
        return Ok(Node::All(vec![
            test(Check::Compare(Relation::GreaterOrEqual, start)),
            test(Check::Compare(Relation::Less, end)),
        ]));
    }
    Ok(test(Check::Equal(literal(subject, operand)?)))
}

/// An operand as the subject's values are compared with it.
fn literal(subject: Subject, operand: &Value) -> Result<Literal, String> {
    Ok(match (subject, operand) {
        (_, Value::Null) => Literal::Null,
        // An empty one counts as missing.
        (Subject::Text(_), Value::Text(text)) if text.is_empty() => Literal::Null,
        (Subject::Text(TextField::State), Value::Text(text)) => Literal::Text(text.to_lowercase()),
        (Subject::Number(NumberField::Created | NumberField::Heartbeat), Value::Text(text)) => {
            let moment = time::iso(text).ok_or_else(|| format!("{text:?} is no ISO time"))?;
            Literal::Number(moment.start)
        }
        (_, Value::Text(text)) => Literal::Text(text.clone()),
        (_, Value::Bool(on)) => Literal::Bool(*on),
        (_, Value::Int(i)) => Literal::Number(*i as f64),
        (_, Value::Float(f)) => Literal::Number(*f),
        (_, Value::List(_) | Value::Map(_)) => {
            return Err(format!(
                "cannot compare with {}; for the members of a list there are `$in` and `$all`",
                operand.kind()
            ));
        }
    })
}

/// Must not panic or recurse without bound, whatever the input.
#[doc(hidden)]
pub fn fuzz_filter(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(filter) = parse(&text) {
        let values = vec![None; filter.paths().len()];
        filter.matches(&super::NoRun, &values);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{RUN, matches};
    use super::*;

    fn holds(json: &str) -> bool {
        matches(
            &parse(json).unwrap_or_else(|error| panic!("{json}: {error}")),
            &RUN,
        )
    }

    #[test]
    fn filters_of_the_official_client_find_their_runs() {
        for json in [
            "",
            "{}",
            "null",
            r#"{"$and":[{"state":"running"}]}"#,
            r#"{"$and":[null,{"state":"running"}]}"#,
            r#"{"$or":[{"$and":[]}]}"#,
            r#"{"$or":[{"state":"failed"},{"config.lr":0.01}]}"#,
            r#"{"config.lr.value":{"$gte":0.01,"$lt":0.02}}"#,
            r#"{"config.model.value.depth":5,"config.model.name":{"$in":["a","vit"]}}"#,
            r#"{"summary_metrics.acc":{"$gt":0.5}}"#,
            r#"{"summaryMetrics.val/acc":0.5}"#,
            r#"{"summary_metrics.loss":NaN}"#,
            r#"{"display_name":{"$regex":"^ResNet.*"}}"#,
            r#"{"displayName":{"$regex":"resnet","$options":"i"}}"#,
            r#"{"display_name":{"$contains":"50"}}"#,
            r#"{"name":"abc123"}"#,
            r#"{"name":{"$in":["x","abc123"]}}"#,
            r#"{"tags":"prod"}"#,
            r#"{"tags":{"$in":["x","v2"]}}"#,
            r#"{"tags":{"$all":["prod","v2"]}}"#,
            r#"{"tags":{"$nin":["x"]}}"#,
            r#"{"$or":[{"tags":null},{"tags":{"$ne":"x"}}]}"#,
            r#"{"group":null,"group":"","jobType":{"$exists":false}}"#,
            r#"{"createdAt":{"$gt":"2026-11-22","$lte":"2026-11-22T12:00:00"}}"#,
            r#"{"created_at":"2026-11-22T12:00:00Z"}"#,
            r#"{"created_at":{"$in":["2026-11-22T13:00:00+01:00"]}}"#,
            r#"{"duration":{"$lt":6000}}"#,
            r#"{"$not":{"state":"failed"}}"#,
            r#"{"$nor":[{"state":"failed"},{"state":"killed"}]}"#,
            r#"{"state":{"$not":{"$in":["failed","crashed"]}}}"#,
        ] {
            assert!(holds(json), "{json}");
        }
    }

    #[test]
    fn missing_values_follow_mongo() {
        assert!(holds(r#"{"config.nope":{"$ne":1}}"#));
        assert!(holds(r#"{"config.nope":{"$nin":[1]}}"#));
        assert!(holds(r#"{"config.nope":null}"#));
        assert!(holds(r#"{"config.nope":{"$in":[null]}}"#));
        assert!(holds(r#"{"config.nope":{"$exists":false}}"#));
        assert!(holds(r#"{"config.nope":{"$not":{"$gt":1}}}"#));
        assert!(holds(
            r#"{"config.none":{"$exists":true},"config.none":null}"#
        ));
        for operator in ["$eq", "$lt", "$lte", "$gt", "$gte"] {
            assert!(!holds(&format!(r#"{{"config.nope":{{"{operator}":1}}}}"#)));
        }
        assert!(!holds(r#"{"config.nope":{"$regex":""}}"#));
        assert!(!holds(r#"{"heartbeat_at":{"$gt":"1970-01-01"}}"#));
    }

    #[test]
    fn mixed_types_do_not_compare() {
        assert!(holds(r#"{"config.size":"10"}"#));
        for json in [
            r#"{"config.size":10}"#,
            r#"{"config.size":{"$gt":1}}"#,
            r#"{"config.lr":{"$lt":"1"}}"#,
            r#"{"config.on":1}"#,
            r#"{"config.model":{"$gt":1}}"#,
            r#"{"summary_metrics.loss":{"$gte":0}}"#,
        ] {
            assert!(!holds(json), "{json}");
        }
        assert!(holds(r#"{"config.layers":64}"#), "a member of a list");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (json, error) in [
            ("[]", "expected conditions, found a list"),
            (
                "{",
                "the filter is no JSON: expected a quoted name at byte 1",
            ),
            (r#"{"host":"a"}"#, "unknown name `host`"),
            (r#"{"$xor":[]}"#, "unknown operator `$xor`"),
            (r#"{"state":{"$size":1}}"#, "unknown operator `$size`"),
            (
                r#"{"state":{}}"#,
                "cannot compare with an object; for the members of a list there are `$in` and `$all`",
            ),
            (r#"{"$and":{}}"#, "`$and` needs a list, found an object"),
            (
                r#"{"state":{"$in":"a"}}"#,
                "`$in` needs a list, found a string",
            ),
            (
                r#"{"state":{"$regex":1}}"#,
                "`$regex` needs a string, found a number",
            ),
            (
                r#"{"state":{"$regex":"("}}"#,
                "not a regular expression: unclosed group",
            ),
            (
                r#"{"state":{"$regex":"(\\w{100}){100}"}}"#,
                "the regular expression is too large",
            ),
            (
                r#"{"state":{"$regex":"a","$options":"x"}}"#,
                "only `i` is known as `$options`",
            ),
            (
                r#"{"created_at":{"$gt":"yesterday"}}"#,
                "\"yesterday\" is no ISO time",
            ),
            (
                r#"{"config.a":[1]}"#,
                "cannot compare with a list; for the members of a list there are `$in` and `$all`",
            ),
        ] {
            assert_eq!(parse(json).err().as_deref(), Some(error), "{json}");
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        let deep = format!("{}{{}}{}", r#"{"$not":"#.repeat(60), "}".repeat(60));
        assert_eq!(
            parse(&deep).err().as_deref(),
            Some("the filter is nested too deeply")
        );
        let deep = format!(
            r#"{{"state":{}1{}}}"#,
            r#"{"$not":"#.repeat(60),
            "}".repeat(60)
        );
        assert_eq!(
            parse(&deep).err().as_deref(),
            Some("the filter is nested too deeply")
        );
        assert!(parse(&" ".repeat(MAX_LENGTH + 1)).is_err());
        let regexes = r#"{"state":{"$regex":"a"}},"#.repeat(21);
        let many = format!(r#"{{"$or":[{}]}}"#, regexes.trim_end_matches(','));
        assert_eq!(
            parse(&many).err().as_deref(),
            Some("more than 20 regular expressions")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_filter(&bytes);
        }

        #[test]
        fn filter_like_texts_are_handled(text in r#"\{(("(\$(and|or|not|in|eq|gt|regex|exists)|state|config\.a|created_at)":(\[\]|\{\}|null|1|"2026-01-01"|\{"\$(not|gt|in|regex)":(\[1,null\]|"a"|\{\})\}|\[\{"tags":"a"\},null\])),?){0,3}\}"#) {
            fuzz_filter(text.replace(",}", "}").as_bytes());
        }
    }
}
