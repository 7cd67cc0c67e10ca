//! Tests of one value.

use std::cmp::Ordering;
use std::collections::HashSet;

use regex::Regex;

use super::fields::Scalar;

#[derive(Debug, Clone)]
pub(super) enum Check {
    Exists,
    Equal(Literal),
    /// One of these texts, or one of the other values.
    OneOf(HashSet<String>, Vec<Literal>),
    /// The value's order relative to the literal is one of these.
    Compare(Relation, Literal),
    Matches(Regex),
    Contains(String),
    /// Contains this text in lower case, whatever the case.
    ContainsWord(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Check {
    pub(super) fn holds(&self, value: Option<&Scalar<'_>>) -> bool {
        if let Some(Scalar::List(raw)) = value
            && !matches!(self, Self::Exists)
        {
            return raw.items().iter().any(|item| self.holds(Some(item)));
        }
        match self {
            Self::Exists => value.is_some(),
            Self::Equal(literal) => literal.equals(value),
            Self::OneOf(texts, others) => {
                matches!(value, Some(Scalar::Text(text)) if texts.contains(&**text))
                    || others.iter().any(|literal| literal.equals(value))
            }
            Self::Compare(relation, literal) => {
                value.is_some_and(|value| relation.holds(literal.order_of(value)))
            }
            Self::Matches(regex) => {
                matches!(value, Some(Scalar::Text(text)) if regex.is_match(text))
            }
            Self::Contains(part) => {
                matches!(value, Some(Scalar::Text(text)) if text.contains(&**part))
            }
            Self::ContainsWord(word) => {
                matches!(value, Some(Scalar::Text(text)) if text.to_lowercase().contains(&**word))
            }
        }
    }

    pub(super) fn one_of(literals: impl IntoIterator<Item = Literal>) -> Self {
        let (mut texts, mut others) = (HashSet::new(), Vec::new());
        for literal in literals {
            match literal {
                Literal::Text(text) => {
                    texts.insert(text);
                }
                other => others.push(other),
            }
        }
        Self::OneOf(texts, others)
    }
}

impl Literal {
    fn equals(&self, value: Option<&Scalar<'_>>) -> bool {
        match (self, value) {
            (Self::Null, None | Some(Scalar::Null)) => true,
            (Self::Bool(a), Some(Scalar::Bool(b))) => a == b,
            (Self::Number(a), Some(Scalar::Number(b))) => {
                a.partial_cmp(b) == Some(Ordering::Equal) || (a.is_nan() && b.is_nan())
            }
            (Self::Text(a), Some(Scalar::Text(b))) => a == b,
            _ => false,
        }
    }

    /// How the value stands to this literal, if they are of one kind.
    fn order_of(&self, value: &Scalar<'_>) -> Option<Ordering> {
        match (value, self) {
            (Scalar::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Scalar::Text(a), Self::Text(b)) => Some((**a).cmp(b)),
            _ => None,
        }
    }
}

impl Relation {
    fn holds(self, order: Option<Ordering>) -> bool {
        order.is_some_and(match self {
            Self::Less => Ordering::is_lt,
            Self::LessOrEqual => Ordering::is_le,
            Self::Greater => Ordering::is_gt,
            Self::GreaterOrEqual => Ordering::is_ge,
        })
    }
}
