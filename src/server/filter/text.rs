//! The filter language of the pages.
//!
//! ```text
//! config.lr < 0.01 and summary.acc >= 0.9      < <= > >= = == !=
//! name ~ "resnet.*"                            a regular expression, found anywhere in a text
//! state in [running, finished]                 also: not in
//! "prod" in tags                               a member of a list
//! summary.acc exists                           also: not exists
//! runtime > 2h    created > -7d    created == 2026-11-23    see `time`
//! not (a or b) c                               conditions side by side must all hold
//! resnet "batch 8"                             words without an operator: part of the shown name, in any case
//! ```
//!
//! `and`, `or`, `not`, `in`, `exists`, `true`, `false`, `null`, `nan` and `inf` may be in capitals, and are texts when
//! quoted. A time that names a day or a minute means all of it: `created > 2026-11-23` begins on the 24th.
//! A text has at most [`MAX_LENGTH`] bytes.

use super::lexer::{Kind, Token, tokens};
use super::name::{Name, NumberField, TextField};
use super::time::{Moment, duration, moment, number};
use super::{Check, Filter, Literal, MAX_DEPTH, Node, Parts, Relation};

/// Longest filter, in bytes.
pub const MAX_LENGTH: usize = 8192;

/// A mistake in a filter, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TextError {
    pub message: String,
    /// In characters, from 0.
    pub at: usize,
}

impl TextError {
    pub(super) fn new(message: impl Into<String>, at: usize) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }
}

/// Parses a filter. `now` is what relative times count from, in seconds since the Unix epoch.
pub fn parse(text: &str, now: f64) -> Result<Filter, TextError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the filter is longer than {MAX_LENGTH} bytes");
        return Err(TextError::new(message, 0));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.chars().count(),
        now,
        parts: Parts::default(),
    };
    if parser.tokens.is_empty() {
        return Ok(Parts::default().filter(Node::All(Vec::new())));
    }
    let root = parser.any(0)?;
    if parser.next < parser.tokens.len() {
        return Err(parser.unexpected("a condition"));
    }
    Ok(parser.parts.filter(root))
}

struct Parser {
    tokens: Vec<Token>,
    /// Index of the next token.
    next: usize,
    /// Characters of the text.
    end: usize,
    now: f64,
    parts: Parts,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<&Kind> {
        self.tokens.get(self.next + ahead).map(|token| &token.kind)
    }

    /// Where the next token begins.
    fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |token| token.at)
    }

    fn unexpected(&self, wanted: &str) -> TextError {
        let found = match self.peek(0) {
            None => "the end".to_owned(),
            Some(Kind::Word(text)) => format!("`{text}`"),
            Some(Kind::Quoted(text)) => format!("{text:?}"),
            Some(Kind::Operator(text)) => format!("`{text}`"),
            Some(Kind::Mark(c)) => format!("`{c}`"),
        };
        TextError::new(format!("expected {wanted}, found {found}"), self.at())
    }

    fn is_keyword(&self, ahead: usize, keyword: &str) -> bool {
        matches!(self.peek(ahead), Some(Kind::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(0, keyword);
        self.next += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> bool {
        let found = self.peek(0) == Some(&Kind::Mark(mark));
        self.next += usize::from(found);
        found
    }

    /// Conditions with `or` between them.
    fn any(&mut self, depth: usize) -> Result<Node, TextError> {
        if depth > MAX_DEPTH {
            return Err(TextError::new("nested too deeply", self.at()));
        }
        let first = self.all(depth)?;
        if !self.is_keyword(0, "or") {
            return Ok(first);
        }
        let mut nodes = vec![first];
        while self.keyword("or") {
            nodes.push(self.all(depth)?);
        }
        Ok(Node::Any(nodes))
    }

    /// Conditions with `and` or nothing between them.
    fn all(&mut self, depth: usize) -> Result<Node, TextError> {
        let first = self.one(depth)?;
        let mut nodes = vec![first];
        loop {
            let named = self.keyword("and");
            let over = matches!(self.peek(0), None | Some(Kind::Mark(')')));
            if !named && (over || self.is_keyword(0, "or")) {
                break;
            }
            nodes.push(self.one(depth)?);
        }
        Ok(match nodes.pop() {
            Some(only) if nodes.is_empty() => only,
            last => {
                nodes.extend(last);
                Node::All(nodes)
            }
        })
    }

    fn one(&mut self, depth: usize) -> Result<Node, TextError> {
        let mut negated = false;
        while self.keyword("not") {
            negated = !negated;
        }
        let node = if self.mark('(') {
            let node = self.any(depth + 1)?;
            if !self.mark(')') {
                return Err(self.unexpected("`)`"));
            }
            node
        } else {
            self.condition()?
        };
        Ok(if negated { node.not() } else { node })
    }

    fn condition(&mut self) -> Result<Node, TextError> {
        let at = self.at();
        let (text, quoted) = match self.peek(0) {
            Some(Kind::Word(word)) if !is_reserved(word) => (word.clone(), false),
            Some(Kind::Quoted(text)) => (text.clone(), true),
            _ => return Err(self.unexpected("a condition")),
        };
        self.next += 1;
        let negated =
            self.is_keyword(0, "not") && (self.is_keyword(1, "in") || self.is_keyword(1, "exists"));
        self.next += usize::from(negated);
        let node = if self.is_keyword(0, "in") && self.peek(1) != Some(&Kind::Mark('[')) {
            self.next += 1;
            self.member(&text, quoted)?
        } else if self.is_keyword(0, "in") {
            let name = name(&text, quoted, at)?;
            self.next += 2;
            self.list(&name)?
        } else if self.is_keyword(0, "exists") {
            let name = name(&text, quoted, at)?;
            self.next += 1;
            Node::Test(self.parts.subject(name), Check::Exists)
        } else if let Some(Kind::Operator(operator)) = self.peek(0) {
            let operator = *operator;
            let name = name(&text, quoted, at)?;
            self.next += 1;
            self.comparison(name, operator)?
        } else {
            let name = self.parts.subject(Name::Text(TextField::Name));
            Node::Test(name, Check::ContainsWord(text.to_lowercase()))
        };
        Ok(if negated { node.not() } else { node })
    }

    /// `VALUE in NAME`; the name is next.
    fn member(&mut self, text: &str, quoted: bool) -> Result<Node, TextError> {
        let at = self.at();
        let Some(Kind::Word(word)) = self.peek(0) else {
            return Err(self.unexpected("a name or `[`"));
        };
        let name = name(word, false, at)?;
        self.next += 1;
        if !matches!(name, Name::Tags | Name::Path(_)) {
            return Err(TextError::new(
                "only tags, config and summary have lists",
                at,
            ));
        }
        let literal = match name {
            Name::Tags => Literal::Text(text.to_owned()),
            _ => plain_literal(text, quoted),
        };
        Ok(Node::Test(self.parts.subject(name), Check::Equal(literal)))
    }

    /// The members of a list, behind its `[`.
    fn list(&mut self, name: &Name) -> Result<Node, TextError> {
        let (mut literals, mut moments) = (Vec::new(), Vec::new());
        while !self.mark(']') {
            match self.value(name)? {
                Operand::Literal(literal) => literals.push(literal),
                Operand::Moment(moment) => moments.push(moment),
            }
            if !self.mark(',') && self.peek(0) != Some(&Kind::Mark(']')) {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        let subject = self.parts.subject(name.clone());
        let literals = Node::Test(subject, Check::one_of(literals));
        let moments = moments.into_iter().map(|moment| during(subject, moment));
        Ok(Node::Any(
            std::iter::once(literals).chain(moments).collect(),
        ))
    }

    fn comparison(&mut self, name: Name, operator: &str) -> Result<Node, TextError> {
        let at = self.at();
        if operator == "~" {
            let Some(Kind::Word(pattern) | Kind::Quoted(pattern)) = self.peek(0) else {
                return Err(self.unexpected("a regular expression"));
            };
            let check = self.parts.regex(&pattern.clone(), false);
            let check = check.map_err(|message| TextError::new(message, at))?;
            self.next += 1;
            return Ok(Node::Test(self.parts.subject(name), check));
        }
        let value = self.value(&name)?;
        let subject = self.parts.subject(name);
        let compare = |relation, literal| Node::Test(subject, Check::Compare(relation, literal));
        Ok(match (operator, value) {
            ("=" | "==", Operand::Literal(literal)) => Node::Test(subject, Check::Equal(literal)),
            ("!=", Operand::Literal(literal)) => Node::Test(subject, Check::Equal(literal)).not(),
            ("=" | "==", Operand::Moment(moment)) => during(subject, moment),
            ("!=", Operand::Moment(moment)) => during(subject, moment).not(),
            (_, Operand::Literal(literal)) => compare(relation(operator), literal),
            // The moment lasts: `<=` and `>` mean its end, unless it is but an instant.
            (_, Operand::Moment(moment)) => {
                let end = Literal::Number(moment.start + moment.length);
                let start = Literal::Number(moment.start);
                match operator {
                    "<=" if moment.length > 0.0 => compare(Relation::Less, end),
                    ">" if moment.length > 0.0 => compare(Relation::GreaterOrEqual, end),
                    _ => compare(relation(operator), start),
                }
            }
        })
    }

    /// The value that comes next, as it is compared with this name.
    fn value(&mut self, name: &Name) -> Result<Operand, TextError> {
        let at = self.at();
        let (text, quoted) = match self.peek(0) {
            Some(Kind::Word(text)) => (text.clone(), false),
            Some(Kind::Quoted(text)) => (text.clone(), true),
            _ => return Err(self.unexpected("a value")),
        };
        self.next += 1;
        let null = !quoted && is_null(&text);
        let literal = match name {
            _ if null => Literal::Null,
            Name::Path(_) => plain_literal(&text, quoted),
            // An empty one counts as missing.
            Name::Text(_) if text.is_empty() => Literal::Null,
            Name::Text(TextField::State) => Literal::Text(text.to_lowercase()),
            Name::Text(_) | Name::Tags => Literal::Text(text),
            Name::Number(NumberField::Runtime) => match duration(&text) {
                Some(seconds) => Literal::Number(seconds),
                None => return Err(TextError::new("not a duration, such as 90s or 1h30m", at)),
            },
            Name::Number(NumberField::Created | NumberField::Heartbeat) => {
                let moment = moment(&text, self.now)
                    .ok_or_else(|| TextError::new("not a time, such as 2026-11-23 or -7d", at))?;
                return Ok(Operand::Moment(moment));
            }
        };
        Ok(Operand::Literal(literal))
    }
}

/// What a name is compared with.
enum Operand {
    Literal(Literal),
    Moment(Moment),
}

/// Holds while the moment lasts.
fn during(subject: super::Subject, moment: Moment) -> Node {
    if moment.length == 0.0 {
        return Node::Test(subject, Check::Equal(Literal::Number(moment.start)));
    }
    let end = Literal::Number(moment.start + moment.length);
    let start = Literal::Number(moment.start);
    Node::All(vec![
        Node::Test(subject, Check::Compare(Relation::GreaterOrEqual, start)),
        Node::Test(subject, Check::Compare(Relation::Less, end)),
    ])
}

fn relation(operator: &str) -> Relation {
    match operator {
        "<" => Relation::Less,
        "<=" => Relation::LessOrEqual,
        ">" => Relation::Greater,
        _ => Relation::GreaterOrEqual,
    }
}

fn name(text: &str, quoted: bool, at: usize) -> Result<Name, TextError> {
    if quoted {
        return Err(TextError::new("expected a name, not a string", at));
    }
    Name::from_text(text).ok_or_else(|| {
        let hint = if text.contains('.') {
            String::new()
        } else {
            format!("; a value of the run is `config.{text}` or `summary.{text}`")
        };
        TextError::new(format!("there is no name `{text}`{hint}"), at)
    })
}

/// A literal by its looks.
fn plain_literal(text: &str, quoted: bool) -> Literal {
    if quoted {
        return Literal::Text(text.to_owned());
    }
    let text_or_number = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "nan" => Literal::Number(f64::NAN),
        "inf" | "+inf" | "infinity" => Literal::Number(f64::INFINITY),
        "-inf" | "-infinity" => Literal::Number(f64::NEG_INFINITY),
        _ => Literal::Text(text.to_owned()),
    };
    match number(text) {
        _ if is_null(text) => Literal::Null,
        Some(number) => Literal::Number(number),
        None => text_or_number(text),
    }
}

fn is_null(word: &str) -> bool {
    ["null", "none"]
        .iter()
        .any(|null| word.eq_ignore_ascii_case(null))
}

fn is_reserved(word: &str) -> bool {
    ["and", "or", "not", "in", "exists"]
        .iter()
        .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

/// Must not panic or recurse without bound, whatever the input.
#[doc(hidden)]
pub fn fuzz_filter(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match parse(&text, 0.0) {
        Ok(filter) => {
            let values = vec![None; filter.paths().len()];
            filter.matches(&super::NoRun, &values);
        }
        Err(error) => assert!(error.at <= text.chars().count()),
    }
}

#[cfg(test)]
mod tests;
