//! What there is to say about a request.

use outpour_config::Place;
use serde::Serialize;

/// A place in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct At {
    /// `None` for the command line.
    pub(crate) file: Option<String>,
    pub(crate) line: usize,
}

impl From<&Place> for At {
    fn from(place: &Place) -> Self {
        Self { file: place.file.clone(), line: place.line }
    }
}

/// One line of a stage.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) at: Option<At>,
    /// As written in the configuration, or what was looked at.
    pub(crate) text: String,
    /// What it came to.
    pub(crate) result: String,
}

impl Line {
    pub(crate) fn new(at: Option<At>, text: impl Into<String>, result: impl Into<String>) -> Self {
        Self { at, text: text.into(), result: result.into() }
    }
}

/// A step of the way.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stage {
    /// `server`, `script`, `location`, `access`, `try_files`, `index`, `error_page` or `redirect`.
    pub(crate) stage: &'static str,
    pub(crate) lines: Vec<Line>,
    /// What it came to.
    pub(crate) sentence: String,
}

/// What answers the request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    /// `publisher`, `subscriber`, `statistics`, `service`, `proxy`, `file`, `listing`, `return`, `error` or
    /// `close`.
    pub(crate) kind: &'static str,
    /// The status, where it is known beforehand.
    pub(crate) status: Option<u16>,
    pub(crate) sentence: String,
    /// Names and values that were made out of the request.
    pub(crate) values: Vec<Value>,
}

/// A name and its value.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

impl Outcome {
    pub(crate) fn new(kind: &'static str, sentence: impl Into<String>) -> Self {
        Self { kind, status: None, sentence: sentence.into(), values: Vec::new() }
    }

    pub(crate) fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push(Value { name, value: value.into() });
        self
    }
}

/// A directive that is in force.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Setting {
    pub(crate) directive: &'static str,
    pub(crate) value: String,
    /// `location`, `if`, `server`, `http` or `default`.
    pub(crate) set_in: &'static str,
    pub(crate) at: Option<At>,
}

/// The request as it was understood.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Understood {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) host: String,
    pub(crate) from: String,
    pub(crate) listen: String,
}

/// What a configuration does with a request.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Changes when a field gets another meaning or goes away.
    pub(crate) form: u32,
    pub(crate) request: Understood,
    pub(crate) way: Vec<Stage>,
    pub(crate) outcome: Outcome,
    pub(crate) settings: Vec<Setting>,
}
