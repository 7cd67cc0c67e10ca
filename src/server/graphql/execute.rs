//! Carries an operation out: walks its selections and asks each object for the fields that are selected.
//!
//! As the official service, it is lenient with variables: names that are not declared are ignored, a single value
//! stands for a list of it, and what is not given is null. A field that the server does not have is an error that names
//! it, and no answer. At most [`MAX_NODES`] objects are answered.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::document::{Argument, Document, Field, Operation, Selection};
use super::{Answer, Arguments, Context, Fault, Object};
use crate::wire::graphql::MAX_DEPTH;

/// The most objects of one answer: a page of 1,000 runs with all that the official client asks for has about 5,000.
const MAX_NODES: usize = 500_000;
/// The most selections that are looked at: fragments may spread each other many times over.
const MAX_STEPS: usize = 20_000_000;
/// The most bytes of texts in one answer.
const MAX_BYTES: usize = 256 << 20;
/// The most fields of one object.
const MAX_FIELDS: usize = 500;

/// Carries out the operation of a document; `data` is what comes out.
pub(super) fn execute<'a>(
    context: &'a Context<'a>,
    document: &'a Document,
    operation: &'a Operation,
    given: &Value,
    root: &dyn Object,
) -> Result<Value, Fault> {
    let mut execution = Execution {
        context,
        document,
        variables: variables(operation, given),
        nodes: 0,
        steps: 0,
        bytes: 0,
    };
    execution.object(root, &[operation.selections.as_slice()])
}

fn variables(operation: &Operation, given: &Value) -> HashMap<String, Value> {
    let mut variables = HashMap::new();
    for variable in &operation.variables {
        let value = match &given[variable.name.as_str()] {
            Value::Null => variable.default.clone().unwrap_or_default(),
            Value::Array(items) => Value::Array(items.clone()),
            single if variable.list => Value::Array(vec![single.clone()]),
            other => other.clone(),
        };
        variables.insert(variable.name.clone(), value);
    }
    variables
}

struct Execution<'a> {
    context: &'a Context<'a>,
    document: &'a Document,
    variables: HashMap<String, Value>,
    nodes: usize,
    steps: usize,
    bytes: usize,
}

/// What is selected under one name, in the order in which it first comes; the same field may be selected twice.
type Collected<'d> = Vec<(&'d str, Vec<&'d Field>)>;

impl<'a> Execution<'a> {
    fn object(
        &mut self,
        object: &dyn Object,
        selections: &[&'a [Selection]],
    ) -> Result<Value, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Fault::new(
                413,
                "the answer has too many objects; ask for fewer at once",
            ));
        }
        let mut collected = Collected::new();
        for selections in selections {
            self.collect(object, selections, 0, &mut collected)?;
        }
        let mut members = Map::new();
        for (alias, fields) in collected {
            let value = self.field(object, alias, &fields)?;
            members.insert(alias.to_owned(), value);
        }
        Ok(Value::Object(members))
    }

    fn collect(
        &mut self,
        object: &dyn Object,
        selections: &'a [Selection],
        depth: usize,
        collected: &mut Collected<'a>,
    ) -> Result<(), Fault> {
        // Fragments may spread each other in a circle, or many times over.
        if depth > MAX_DEPTH || collected.len() > MAX_FIELDS {
            return Err(Fault::invalid("fragments are nested too deeply"));
        }
        for selection in selections {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(Fault::invalid("too many selections"));
            }
            match selection {
                Selection::Field(field) if self.holds(&field.when) => {
                    match collected
                        .iter_mut()
                        .find(|(alias, _)| *alias == field.alias)
                    {
                        Some((_, fields)) if fields.len() > MAX_FIELDS => {
                            return Err(Fault::invalid("a field is selected too often"));
                        }
                        Some((_, fields)) => fields.push(field),
                        None => collected.push((&field.alias, vec![field])),
                    }
                }
                Selection::Inline {
                    on,
                    when,
                    selections,
                } => {
                    let fits = on.as_deref().is_none_or(|name| object.is(name));
                    if fits && self.holds(when) {
                        self.collect(object, selections, depth + 1, collected)?;
                    }
                }
                Selection::Spread { name, when } if self.holds(when) => {
                    let Some(selections) = self.document.fragment(name) else {
                        return Err(Fault::invalid(format!("unknown fragment {name:?}")));
                    };
                    self.collect(object, selections, depth + 1, collected)?;
                }
                Selection::Field(_) | Selection::Spread { .. } => {}
            }
        }
        Ok(())
    }

    fn holds(&self, conditions: &[(bool, Argument)]) -> bool {
        conditions.iter().all(|(wanted, condition)| {
            condition
                .resolve(&self.variables)
                .as_bool()
                .unwrap_or(false)
                == *wanted
        })
    }

    fn field(
        &mut self,
        object: &dyn Object,
        alias: &str,
        fields: &[&'a Field],
    ) -> Result<Value, Fault> {
        let Some(field) = fields.first() else {
            return Ok(Value::Null);
        };
        if field.name == "__typename" {
            return Ok(Value::from(object.kind()));
        }
        let arguments = field
            .arguments
            .iter()
            .map(|(name, argument)| (name.as_str(), argument.resolve(&self.variables)))
            .collect();
        let answer = object
            .field(self.context, &field.name, &Arguments::new(arguments))
            .map_err(|fault| fault.within(alias))?
            .ok_or_else(|| {
                Fault::invalid(format!(
                    "Cannot query field \"{}\" on type \"{}\".",
                    field.name,
                    object.kind()
                ))
            })?;
        let selections: Vec<&[Selection]> = fields
            .iter()
            .map(|field| field.selections.as_slice())
            .filter(|selections| !selections.is_empty())
            .collect();
        self.answer(&answer, alias, &selections)
    }

    fn answer(
        &mut self,
        answer: &Answer,
        alias: &str,
        selections: &[&'a [Selection]],
    ) -> Result<Value, Fault> {
        match answer {
            Answer::Value(value) => {
                self.bytes += weight(value);
                if self.bytes > MAX_BYTES {
                    return Err(Fault::new(
                        413,
                        "the answer is too large; ask for less at once",
                    ));
                }
                Ok(value.clone())
            }
            Answer::Object(_) if selections.is_empty() => Err(Fault::invalid(format!(
                "field {alias:?} must say what is selected of it"
            ))),
            Answer::Object(object) => self
                .object(object.as_ref(), selections)
                .map_err(|fault| fault.within(alias)),
            Answer::List(items) => items
                .iter()
                .map(|item| self.answer(item, alias, selections))
                .collect(),
        }
    }
}

/// How many bytes a value takes in the answer, about.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| name.len() + 4 + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
