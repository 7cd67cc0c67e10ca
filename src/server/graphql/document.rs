//! GraphQL documents, read.
//!
//! The grammar is that of the specification of October 2021, less what no client of W&B sends: subscriptions, block
//! strings' indentation and definitions of types. Caps: [`MAX_DEPTH`] levels of selections and of values,
//! [`MAX_SELECTIONS`] selections in a document. What is read are foreign bytes: every input gives a document or an error.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use crate::wire::graphql::{Lexer, MAX_DEPTH, SyntaxError, Token};

/// The most fields, fragments and spreads in one document. The official client's longest has about 200.
const MAX_SELECTIONS: usize = 4000;

/// A document: operations and fragments.
#[derive(Debug, Default)]
pub(crate) struct Document {
    operations: Vec<Operation>,
    fragments: HashMap<String, Vec<Selection>>,
}

/// One operation of a document.
#[derive(Debug)]
pub(crate) struct Operation {
    name: Option<String>,
    pub(crate) mutation: bool,
    pub(crate) variables: Vec<Variable>,
    pub(crate) selections: Vec<Selection>,
}

/// A variable that an operation declares.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// The type is a list; a single value stands for a list of it.
    pub(crate) list: bool,
    pub(crate) default: Option<Value>,
}

/// What is selected of an object.
#[derive(Debug)]
pub(crate) enum Selection {
    Field(Field),
    /// `... on Type { … }` and `... @include(if: …) { … }`.
    Inline {
        on: Option<String>,
        when: Conditions,
        selections: Vec<Selection>,
    },
    /// `...Name`.
    Spread {
        name: String,
        when: Conditions,
    },
}

/// A selected field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) alias: String,
    pub(crate) name: String,
    pub(crate) arguments: Vec<(String, Argument)>,
    pub(crate) when: Conditions,
    pub(crate) selections: Vec<Selection>,
}

/// `@include` and `@skip`: the wanted value and where it comes from.
pub(crate) type Conditions = Vec<(bool, Argument)>;

/// A value in a document, which may hold variables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    Variable(String),
    Value(Value),
    List(Vec<Argument>),
    Object(Vec<(String, Argument)>),
}

impl Document {
    /// Reads a document.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut reader = Reader {
            lexer: Lexer::new(text)?,
            selections: 0,
        };
        let mut document = Self::default();
        while reader.lexer.token != Token::End {
            match reader.lexer.token {
                Token::Sign('{') => document.operations.push(reader.operation(None, false)?),
                Token::Name("query") => document.operations.push(reader.named(false)?),
                Token::Name("mutation") => document.operations.push(reader.named(true)?),
                Token::Name("fragment") => {
                    reader.lexer.advance()?;
                    let name = reader.lexer.name()?;
                    reader.lexer.keyword("on")?;
                    reader.lexer.name()?;
                    reader.conditions()?;
                    let selections = reader.selections(0)?;
                    document.fragments.insert(name, selections);
                }
                _ => return Err(reader.lexer.unexpected("an operation or a fragment")),
            }
        }
        Ok(document)
    }

    /// The operation of this name; without a name, the only one.
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<&Operation> {
        match name {
            Some(name) => self
                .operations
                .iter()
                .find(|operation| operation.name.as_deref() == Some(name)),
            None if self.operations.len() == 1 => self.operations.first(),
            None => None,
        }
    }

    /// What a fragment selects.
    pub(crate) fn fragment(&self, name: &str) -> Option<&[Selection]> {
        self.fragments.get(name).map(Vec::as_slice)
    }
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    selections: usize,
}

impl Reader<'_> {
    fn named(&mut self, mutation: bool) -> Result<Operation, SyntaxError> {
        self.lexer.advance()?;
        let name = match self.lexer.token {
            Token::Name(_) => Some(self.lexer.name()?),
            _ => None,
        };
        self.operation(name, mutation)
    }

    fn operation(
        &mut self,
        name: Option<String>,
        mutation: bool,
    ) -> Result<Operation, SyntaxError> {
        let mut variables = Vec::new();
        if self.lexer.passes('(')? {
            while !self.lexer.passes(')')? {
                variables.push(self.variable()?);
            }
        }
        self.conditions()?;
        Ok(Operation {
            name,
            mutation,
            variables,
            selections: self.selections(0)?,
        })
    }

    fn variable(&mut self) -> Result<Variable, SyntaxError> {
        let Token::Variable(name) = self.lexer.advance()? else {
            return Err(self.lexer.error("a variable must begin with '$'"));
        };
        self.lexer.sign(':')?;
        let mut lists = 0;
        while self.lexer.passes('[')? {
            lists += 1;
        }
        self.lexer.name()?;
        self.lexer.passes('!')?;
        for _ in 0..lists {
            self.lexer.sign(']')?;
            self.lexer.passes('!')?;
        }
        let default = if self.lexer.passes('=')? {
            let no_variables = HashMap::new();
            Some(self.argument(0)?.resolve(&no_variables))
        } else {
            None
        };
        Ok(Variable {
            name: name.to_owned(),
            list: lists > 0,
            default,
        })
    }

    /// Directives; those that no client of W&B uses are passed over.
    fn conditions(&mut self) -> Result<Conditions, SyntaxError> {
        let mut conditions = Vec::new();
        while self.lexer.passes('@')? {
            let name = self.lexer.name()?;
            let arguments = self.arguments()?;
            let wanted = match name.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let condition = arguments.into_iter().find(|(name, _)| name == "if");
            conditions.extend(condition.map(|(_, argument)| (wanted, argument)));
        }
        Ok(conditions)
    }

    fn arguments(&mut self) -> Result<Vec<(String, Argument)>, SyntaxError> {
        let mut arguments = Vec::new();
        if self.lexer.passes('(')? {
            while !self.lexer.passes(')')? {
                let name = self.lexer.name()?;
                self.lexer.sign(':')?;
                arguments.push((name, self.argument(0)?));
            }
        }
        Ok(arguments)
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, SyntaxError> {
        if depth >= MAX_DEPTH {
            return Err(self.lexer.error("values are nested too deeply"));
        }
        let value = match self.lexer.advance()? {
            Token::Variable(name) => return Ok(Argument::Variable(name.to_owned())),
            Token::Text(text) => Value::from(unquoted(text)),
            Token::Number(text) => match serde_json::from_str::<Number>(text) {
                Ok(number) => Value::Number(number),
                Err(_) => return Err(self.lexer.error(format!("{text} is not a number"))),
            },
            Token::Name("true") => Value::from(true),
            Token::Name("false") => Value::from(false),
            Token::Name("null") => Value::Null,
            Token::Name(word) => Value::from(word),
            Token::Sign('[') => {
                let mut items = Vec::new();
                while !self.lexer.passes(']')? {
                    items.push(self.argument(depth + 1)?);
                }
                return Ok(Argument::List(items));
            }
            Token::Sign('{') => {
                let mut members = Vec::new();
                while !self.lexer.passes('}')? {
                    let name = self.lexer.name()?;
                    self.lexer.sign(':')?;
                    members.push((name, self.argument(depth + 1)?));
                }
                return Ok(Argument::Object(members));
            }
            other => return Err(self.lexer.error(format!("{other:?} instead of a value"))),
        };
        Ok(Argument::Value(value))
    }

    fn selections(&mut self, depth: usize) -> Result<Vec<Selection>, SyntaxError> {
        if depth >= MAX_DEPTH {
            return Err(self.lexer.error("selections are nested too deeply"));
        }
        self.lexer.sign('{')?;
        let mut selections = Vec::new();
        while !self.lexer.passes('}')? {
            self.selections += 1;
            if self.selections > MAX_SELECTIONS {
                return Err(self.lexer.error("too many selections"));
            }
            selections.push(self.selection(depth)?);
        }
        if selections.is_empty() {
            return Err(self.lexer.error("an empty selection"));
        }
        Ok(selections)
    }

    fn selection(&mut self, depth: usize) -> Result<Selection, SyntaxError> {
        if self.lexer.token == Token::Spread {
            self.lexer.advance()?;
            let on = match self.lexer.token {
                Token::Name("on") => {
                    self.lexer.advance()?;
                    Some(self.lexer.name()?)
                }
                Token::Name(_) => {
                    let name = self.lexer.name()?;
                    let when = self.conditions()?;
                    return Ok(Selection::Spread { name, when });
                }
                _ => None,
            };
            let when = self.conditions()?;
            let selections = self.selections(depth + 1)?;
            return Ok(Selection::Inline {
                on,
                when,
                selections,
            });
        }
        let alias = self.lexer.name()?;
        let name = if self.lexer.passes(':')? {
            self.lexer.name()?
        } else {
            alias.clone()
        };
        let arguments = self.arguments()?;
        let when = self.conditions()?;
        let selections = if self.lexer.token == Token::Sign('{') {
            self.selections(depth + 1)?
        } else {
            Vec::new()
        };
        Ok(Selection::Field(Field {
            alias,
            name,
            arguments,
            when,
            selections,
        }))
    }
}

impl Argument {
    /// The value, with variables put in; those that are not given are null.
    pub(crate) fn resolve(&self, variables: &HashMap<String, Value>) -> Value {
        match self {
            Self::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
            Self::Value(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.resolve(variables)).collect(),
            Self::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, member)| (name.clone(), member.resolve(variables)));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

fn unquoted(text: &str) -> String {
    let block = text
        .strip_prefix("\"\"\"")
        .and_then(|text| text.strip_suffix("\"\"\""));
    if let Some(block) = block {
        return block.to_owned();
    }
    // The escapes of GraphQL are those of JSON.
    serde_json::from_str(text).unwrap_or_else(|_| text.trim_matches('"').to_owned())
}

/// Must not panic or hang, whatever the input.
#[doc(hidden)]
pub fn fuzz_document(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = Document::parse(text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(selections: &[Selection]) -> Vec<&str> {
        selections
            .iter()
            .map(|selection| match selection {
                Selection::Field(field) => field.alias.as_str(),
                Selection::Inline { .. } => "...",
                Selection::Spread { name, .. } => name,
            })
            .collect()
    }

    #[test]
    fn documents_as_the_official_client_writes_them() {
        let document = Document::parse(
            "#graphql\nquery Runs($project: String!, $specs: [JSONString!]!, $first: Int = 50,) {\n\
             result: project(name: $project, entityName: \"a\\\"b\") { ...F, runs(first: $first) @include(if: true) { id } \
             ... on Project { name } } }\nfragment F on Project { id }",
        )
        .unwrap();
        let operation = document.operation(Some("Runs")).unwrap();
        assert_eq!(operation.variables.len(), 3);
        assert!(operation.variables[1].list);
        assert_eq!(operation.variables[2].default, Some(json!(50)));
        let Selection::Field(project) = &operation.selections[0] else {
            panic!("{operation:?}");
        };
        assert_eq!(
            (project.alias.as_str(), project.name.as_str()),
            ("result", "project")
        );
        assert_eq!(project.arguments[1].1, Argument::Value(json!("a\"b")));
        assert_eq!(fields(&project.selections), ["F", "runs", "..."]);
        assert_eq!(fields(document.fragment("F").unwrap()), ["id"]);
    }

    #[test]
    fn arguments_hold_lists_objects_and_variables() {
        let text = "mutation { m(input: {a: [1, $x, -2.5e3], b: {c: ENUM, d: null}}) { ok } }";
        let document = Document::parse(text).unwrap();
        let operation = document.operation(None).unwrap();
        assert!(operation.mutation);
        let Selection::Field(field) = &operation.selections[0] else {
            panic!("{operation:?}");
        };
        let variables = HashMap::from([("x".to_owned(), json!("given"))]);
        assert_eq!(
            field.arguments[0].1.resolve(&variables),
            json!({"a": [1, "given", -2500.0], "b": {"c": "ENUM", "d": null}})
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            ("query {", "End"),
            ("query { a( }", "instead of"),
            ("{ a \"x", "without an end"),
            ("{ }", "empty selection"),
            ("nonsense", "an operation"),
            ("query A(x: Int) { a }", "must begin with '$'"),
        ];
        for (text, part) in cases {
            let error = Document::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let deep = "{a".repeat(5000) + &"}".repeat(5000);
        assert!(
            Document::parse(&deep)
                .unwrap_err()
                .what
                .contains("too deeply")
        );
        let nested = format!("{{a(x:{}", "[".repeat(5000));
        assert!(
            Document::parse(&nested)
                .unwrap_err()
                .what
                .contains("too deeply")
        );
        let wide = format!("{{ {} }}", "a ".repeat(5000));
        assert!(
            Document::parse(&wide)
                .unwrap_err()
                .what
                .contains("too many")
        );
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        let seed = "query Q($a: [Int!]! = [1]) { b: c(d: \"e\\u0041\", f: {g: $a}) @skip(if: false) { ...H } }";
        for end in 0..=seed.len() {
            for byte in [b'"', b'{', b'\\', b'$', 0xff, b'.'] {
                let mut bytes = seed.as_bytes()[..end].to_vec();
                bytes.push(byte);
                bytes.extend_from_slice(&seed.as_bytes()[end..]);
                fuzz_document(&bytes);
            }
            fuzz_document(&seed.as_bytes()[..end]);
        }
    }
}
