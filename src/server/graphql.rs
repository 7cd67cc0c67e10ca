//! `POST /graphql`: what the official clients ask of a W&B server, and its answers.
//!
//! A document is executed as it is written (fragments, aliases, directives): what clients select differs from caller to
//! caller. Names and meanings are those of the operations in `core/api/graphql` and `wandb/apis/public` of the official
//! repository; a field that is not there is refused by name, and official clients then do without it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Server;
use super::meta::users::User;
use document::Document;

mod artifact_edits;
mod artifact_uploads;
mod artifacts;
mod collections;
mod document;
mod execute;
mod files;
mod history;
mod mutation;
mod plain;
mod project;
mod query;
mod run;
mod run_edits;
mod sweeps;
mod user;

#[doc(hidden)]
pub use document::fuzz_document;
pub(crate) use files::base64_of;
pub(crate) use plain::strict;

/// What every resolver may use.
pub(crate) struct Context<'a> {
    pub(crate) server: &'a Server,
    pub(crate) user: &'a User,
    /// The address under which the client reached the server; no `/` at its end.
    pub(crate) base: &'a str,
}

/// Something whose fields can be selected.
pub(crate) trait Object {
    /// The name of its type.
    fn kind(&self) -> &'static str;

    /// Whether a fragment on this type or interface is about it.
    fn is(&self, name: &str) -> bool {
        name == self.kind()
    }

    /// A field; `None` if there is none of this name.
    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved;
}

/// What a field resolves to.
pub(crate) type Resolved = Result<Option<Answer>, Fault>;

/// The value of a field.
#[derive(Clone)]
pub(crate) enum Answer {
    /// What is not selected from any further.
    Value(Value),
    Object(Arc<dyn Object>),
    List(Vec<Answer>),
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl Answer {
    /// Nothing.
    pub(crate) const NULL: Self = Self::Value(Value::Null);

    /// One object.
    pub(crate) fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// An object, or null.
    pub(crate) fn maybe(object: Option<impl Object + 'static>) -> Self {
        object.map_or(Self::NULL, Self::object)
    }
}

/// Shorthand for what resolvers return.
#[expect(clippy::unnecessary_wraps, reason = "what resolvers return")]
pub(crate) fn some(answer: impl Into<Answer>) -> Resolved {
    Ok(Some(answer.into()))
}

/// Why an operation fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    status: u16,
    message: String,
    path: Vec<String>,
}

impl Fault {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            path: Vec::new(),
        }
    }

    /// A request that makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    fn within(mut self, alias: &str) -> Self {
        self.path.insert(0, alias.to_owned());
        self
    }
}

impl From<super::Failure> for Fault {
    fn from(failure: super::Failure) -> Self {
        Self::new(failure.status(), failure.to_string())
    }
}

/// What fails below is told as a [`Failure`](super::Failure) is.
macro_rules! failures {
    ($($error:ty),*) => {
        $(impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                super::Failure::from(error).into()
            }
        })*
    };
}
failures!(rusqlite::Error, super::points::Error, std::io::Error);

/// The arguments of a field. Mutations carry theirs in `input`; both are found by name.
#[derive(Debug)]
pub(crate) struct Arguments(Map<String, Value>);

impl Arguments {
    fn new(given: Vec<(&str, Value)>) -> Self {
        let mut arguments = Map::new();
        for (name, value) in given {
            match value {
                Value::Object(members) if name == "input" => arguments.extend(members),
                other => {
                    arguments.insert(name.to_owned(), other);
                }
            }
        }
        Self(arguments)
    }

    /// A value; null if it is not there.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// A text without which the operation makes no sense.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.text(name)
            .ok_or_else(|| Fault::invalid(format!("argument {name:?} is missing")))
    }

    /// A list of texts; one text stands for a list of it.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        match self.get(name) {
            Value::Array(items) => {
                let texts = items.iter().filter_map(Value::as_str);
                Some(texts.map(str::to_owned).collect())
            }
            Value::String(text) => Some(vec![text.clone()]),
            _ => None,
        }
    }

    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.get(name).as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        let value = self.get(name);
        let number = value
            .as_i64()
            .or_else(|| value.as_f64().map(|number| number as i64));
        number.or_else(|| value.as_str()?.parse().ok())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).as_bool().unwrap_or(false)
    }
}

/// Whether a name can be that of an entity; an error says why not.
pub(crate) fn check_entity(name: &str) -> Result<(), String> {
    match run_edits::checked_name("user", name) {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// Answers one request: the status and the body.
pub(crate) fn answer(context: &Context<'_>, body: &[u8]) -> (u16, Value) {
    match respond(context, body) {
        Ok(data) => (200, json!({"data": data})),
        Err(fault) => {
            let mut error = json!({"message": fault.message});
            if !fault.path.is_empty() {
                error["path"] = fault.path.clone().into();
            }
            let data = fault.path.first().map(|root| json!({root: null}));
            (fault.status, json!({"errors": [error], "data": data}))
        }
    }
}

fn respond(context: &Context<'_>, body: &[u8]) -> Result<Value, Fault> {
    let request: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::invalid(format!("the request is not JSON: {error}")))?;
    let text = request["query"]
        .as_str()
        .ok_or_else(|| Fault::invalid("the request has no `query`"))?;
    let document = Document::parse(text).map_err(|error| Fault::invalid(error.to_string()))?;
    let name = request["operationName"]
        .as_str()
        .filter(|name| !name.is_empty());
    let operation = document
        .operation(name)
        .ok_or_else(|| Fault::invalid("the document has no such operation"))?;
    let root: &dyn Object = if operation.mutation {
        &mutation::Mutation
    } else {
        &query::Query
    };
    execute::execute(context, &document, operation, &request["variables"], root)
}
