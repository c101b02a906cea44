//! What is wrong with a connection document: every fault with its path.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a connection document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfigFault {
    /// Where it is: `mappings[1].fields.email`; empty for the document itself.
    pub path: String,
    /// What is wrong there, on one line.
    pub message: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => formatter.write_str(&self.message),
            path => write!(formatter, "{path}: {}", self.message),
        }
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<ConfigFault>);

impl Faults {
    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(ConfigFault { path: path.into(), message: message.into() });
    }

    /// Notes the fault in an attempt that failed.
    pub(super) fn note<T>(&mut self, path: &str, attempt: Result<T, String>) -> Option<T> {
        attempt.map_err(|message| self.add(path, message)).ok()
    }

    pub(super) fn into_vec(self) -> Vec<ConfigFault> {
        self.0
    }
}

/// The path of a member of an object.
pub(super) fn member(path: &str, key: &str) -> String {
    let plain =
        !key.is_empty() && key.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '-'));
    match (path, plain) {
        ("", true) => key.to_owned(),
        (path, true) => format!("{path}.{key}"),
        (path, false) => format!("{path}[{key:?}]"),
    }
}

/// The path of an element of a list.
pub(super) fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}
