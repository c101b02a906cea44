//! Stand-in until the mappings' own module is here.

use serde_json::Value;

use super::RejectionReason;

/// A connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its name.
    pub name: String,
    document: Value,
}

/// What is wrong with a connection's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Where.
    pub path: String,
    /// What.
    pub message: String,
}

impl Connection {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Connection, Vec<ConfigFault>> {
        let fault = |path: &str, message: String| vec![ConfigFault { path: path.to_owned(), message }];
        let document: Value = serde_json::from_str(text).map_err(|error| fault("", error.to_string()))?;
        let name = document["name"].as_str().ok_or_else(|| fault("name", "is missing".to_owned()))?.to_owned();
        Ok(Connection { name, document })
    }

    /// The normalised document.
    pub fn document(&self) -> Value {
        self.document.clone()
    }
}

impl RejectionReason {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        "See the message."
    }
}
