//! GraphQL documents, as far as the fake reads them: the operation's name, its variables and what it selects.
//!
//! Types, arguments and directives are skipped. What is selected decides what is answered, as on the service: a
//! field that the client did not ask for is not there.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A document with one operation.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Name of the operation, or else of its first field with a capital letter.
    pub(super) name: String,
    /// Declared variables, and whether they must be given.
    variables: Vec<(String, bool)>,
    used: Vec<String>,
    root: Vec<Selection>,
    fragments: HashMap<String, Vec<Selection>>,
}

#[derive(Debug, Clone)]
enum Selection {
    Field {
        alias: String,
        name: String,
        children: Vec<Selection>,
    },
    Inline(Vec<Selection>),
    Spread(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Variable(String),
    Text,
    Spread,
    Sign(char),
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            tokens: tokens(text)?,
            at: 0,
            used: Vec::new(),
        };
        let mut document = Self::default();
        while let Some(token) = reader.peek().cloned() {
            match token {
                Token::Name(word) if word == "fragment" => {
                    reader.next()?;
                    let name = reader.name()?;
                    reader.name()?; // on
                    reader.name()?; // the type
                    let children = reader.selections()?;
                    document.fragments.insert(name, children);
                }
                Token::Name(word)
                    if matches!(word.as_str(), "query" | "mutation" | "subscription") =>
                {
                    reader.next()?;
                    if let Some(Token::Name(name)) = reader.peek() {
                        name.clone_into(&mut document.name);
                        reader.next()?;
                    }
                    if reader.peek() == Some(&Token::Sign('(')) {
                        document.variables = reader.declarations()?;
                    }
                    reader.directives()?;
                    document.root = reader.selections()?;
                }
                Token::Sign('{') => document.root = reader.selections()?,
                other => return Err(format!("{other:?} between definitions")),
            }
        }
        document.used = reader.used;
        if document.name.is_empty()
            && let Some(Selection::Field { name, .. }) = document.root.first()
        {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            document.name = first.into_iter().chain(letters).collect();
        }
        Ok(document)
    }

    /// What the service would refuse about the variables.
    pub(super) fn faults(&self, variables: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, required) in &self.variables {
            if !self.used.contains(name) {
                faults.push(format!("variable ${name} is declared but not used"));
            }
            if *required && variables[name].is_null() {
                faults.push(format!("variable ${name} is required but null"));
            }
        }
        for name in &self.used {
            if !self.variables.iter().any(|(known, _)| known == name) {
                faults.push(format!("variable ${name} is used but not declared"));
            }
        }
        faults
    }

    /// The selected part of an answer. Fields that the fake does not know become null and are named in `unknown`.
    pub(super) fn select(&self, answer: &Value, unknown: &mut Vec<String>) -> Value {
        self.select_from(answer, &self.root, &self.name, unknown)
    }

    fn select_from(
        &self,
        value: &Value,
        selections: &[Selection],
        path: &str,
        unknown: &mut Vec<String>,
    ) -> Value {
        match value {
            Value::Array(items) => items
                .iter()
                .map(|item| self.select_from(item, selections, path, unknown))
                .collect(),
            Value::Object(members) if !selections.is_empty() => {
                let mut selected = Map::new();
                self.collect(members, selections, path, &mut selected, unknown);
                Value::Object(selected)
            }
            other => other.clone(),
        }
    }

    fn collect(
        &self,
        members: &Map<String, Value>,
        selections: &[Selection],
        path: &str,
        selected: &mut Map<String, Value>,
        unknown: &mut Vec<String>,
    ) {
        for selection in selections {
            match selection {
                Selection::Field {
                    alias,
                    name,
                    children,
                } => {
                    let path = format!("{path}.{name}");
                    let value = match members.get(name) {
                        Some(value) => self.select_from(value, children, &path, unknown),
                        None if name == "__typename" => Value::from("Unknown"),
                        None => {
                            unknown.push(path);
                            Value::Null
                        }
                    };
                    selected.insert(alias.clone(), value);
                }
                Selection::Inline(children) => {
                    self.collect(members, children, path, selected, unknown);
                }
                Selection::Spread(name) => match self.fragments.get(name) {
                    Some(children) => self.collect(members, children, path, selected, unknown),
                    None => unknown.push(format!("fragment {name}")),
                },
            }
        }
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    used: Vec<String>,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        self.at += 1;
        let token = self.tokens.get(self.at - 1);
        token
            .cloned()
            .ok_or_else(|| "the document ends early".to_owned())
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Name(name) => Ok(name),
            other => Err(format!("{other:?} instead of a name")),
        }
    }

    /// Skips what stands between brackets, and notes the variables in it.
    fn arguments(&mut self) -> Result<(), String> {
        let mut depth = 0;
        loop {
            match self.next()? {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']' | '}') => depth -= 1,
                Token::Variable(name) if !self.used.contains(&name) => self.used.push(name),
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn directives(&mut self) -> Result<(), String> {
        while self.peek() == Some(&Token::Sign('@')) {
            self.next()?;
            self.name()?;
            if self.peek() == Some(&Token::Sign('(')) {
                self.arguments()?;
            }
        }
        Ok(())
    }

    /// `($name: Type! = default, …)`: a variable must be given if its type ends with `!` and has no default.
    fn declarations(&mut self) -> Result<Vec<(String, bool)>, String> {
        let mut declared: Vec<(String, bool)> = Vec::new();
        self.next()?;
        loop {
            match self.next()? {
                Token::Variable(name) => declared.push((name, false)),
                Token::Sign('!') => {
                    if let Some(last) = declared.last_mut() {
                        last.1 = true;
                    }
                }
                // In `[Type!]` the exclamation mark is about the items.
                Token::Sign(']' | '=') => {
                    if let Some(last) = declared.last_mut() {
                        last.1 = false;
                    }
                }
                Token::Sign(')') => return Ok(declared),
                _ => {}
            }
        }
    }

    fn selections(&mut self) -> Result<Vec<Selection>, String> {
        if self.next()? != Token::Sign('{') {
            return Err("a selection must begin with {".to_owned());
        }
        let mut selections = Vec::new();
        loop {
            match self.next()? {
                Token::Sign('}') if selections.is_empty() => {
                    return Err("an empty selection".to_owned());
                }
                Token::Sign('}') => return Ok(selections),
                Token::Spread => selections.push(self.spread()?),
                Token::Name(name) => selections.push(self.field(name)?),
                other => return Err(format!("{other:?} in a selection")),
            }
        }
    }

    fn spread(&mut self) -> Result<Selection, String> {
        if let Some(Token::Name(name)) = self.peek().cloned() {
            self.next()?;
            if name != "on" {
                self.directives()?;
                return Ok(Selection::Spread(name));
            }
            self.name()?;
        }
        self.directives()?;
        Ok(Selection::Inline(self.selections()?))
    }

    fn field(&mut self, first: String) -> Result<Selection, String> {
        let mut name = first.clone();
        if self.peek() == Some(&Token::Sign(':')) {
            self.next()?;
            name = self.name()?;
        }
        if self.peek() == Some(&Token::Sign('(')) {
            self.arguments()?;
        }
        self.directives()?;
        let children = if self.peek() == Some(&Token::Sign('{')) {
            self.selections()?
        } else {
            Vec::new()
        };
        Ok(Selection::Field {
            alias: first,
            name,
            children,
        })
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |from: &str| {
            let end = from
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(from.len());
            from[..end].to_owned()
        };
        let length = match first {
            ' ' | '\t' | '\r' | '\n' | ',' => 1,
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => {
                let end = rest[1..].find('"').ok_or("a text without an end")?;
                tokens.push(Token::Text);
                end + 2
            }
            '$' => {
                let name = word(&rest[1..]);
                let length = name.len() + 1;
                tokens.push(Token::Variable(name));
                length
            }
            '.' if rest.starts_with("...") => {
                tokens.push(Token::Spread);
                3
            }
            _ if first.is_ascii_alphanumeric() || first == '_' => {
                let name = word(rest);
                let length = name.len();
                tokens.push(Token::Name(name));
                length
            }
            _ => {
                tokens.push(Token::Sign(first));
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Ok(tokens)
}
