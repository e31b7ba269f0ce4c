//! What a command comes back with: an answer in two forms, or a failure with an exit status.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

/// A result as text and as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) json: Map<String, Value>,
    status: Status,
    warning: Option<String>,
}

/// The exit status of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Done,
    /// Partial results of an input that could not be read to its end.
    Partial,
    /// The protocol said no.
    Refused,
}

impl Answer {
    /// A result with exit status 0. `json` must be an object.
    pub(crate) fn new(text: String, json: Value) -> Self {
        Self { text, json: object(json), status: Status::Done, warning: None }
    }

    /// A result that the command has already written to standard output, because it is a stream.
    pub(crate) fn printed() -> Self {
        Self { text: String::new(), json: Map::new(), status: Status::Done, warning: None }
    }

    /// Partial results: exit status 1, with the failure on standard error.
    pub(crate) fn with_failure(self, what: String) -> Self {
        Self { status: Status::Partial, warning: Some(what), ..self }
    }

    /// The protocol said no: exit status 3, the reason in `abort`.
    pub(crate) fn refused(text: String, json: Value, reason: &str, numbers: [Option<f64>; 2]) -> Self {
        let mut json = object(json);
        json.insert(
            "abort".to_owned(),
            json!({ "reason": reason, "observed": number(numbers[0]), "threshold": number(numbers[1]) }),
        );
        Self { text, json, status: Status::Refused, warning: None }
    }

    /// What standard error has to say besides.
    pub(crate) fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.status {
            Status::Done => 0,
            Status::Partial => 1,
            Status::Refused => 3,
        })
    }
}

fn object(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// A JSON number, or `null` for what is absent, infinite or undefined.
pub(crate) fn number(value: Option<f64>) -> Value {
    value.filter(|value| value.is_finite()).map_or(Value::Null, |value| json!(value))
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input can't be read or is wrong: exit status 1.
    Failed { what: String, source: Option<Box<dyn Error + Send + Sync>> },
    /// The call makes no sense: exit status 2.
    Usage { what: String, source: Option<Box<dyn Error + Send + Sync>> },
}

impl Failure {
    /// A failure with a cause.
    pub(crate) fn because(what: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed { what: what.into(), source: Some(Box::new(source)) }
    }

    /// A failure that says it all itself.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), source: None }
    }

    /// A call with impossible values.
    pub(crate) fn usage(what: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Usage { what: what.into(), source: Some(Box::new(source)) }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed { .. } => 1,
            Self::Usage { .. } => 2,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { what, .. } | Self::Usage { what, .. } => f.write_str(what),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed { source, .. } | Self::Usage { source, .. } => {
                source.as_deref().map(|source| source as &(dyn Error + 'static))
            }
        }
    }
}
