//! What the simulator remembers of a request.

use std::time::Instant;

/// One request seen by the simulator, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it arrived.
    pub at: Instant,
    /// The rate bucket it counted in; empty for what is not limited.
    pub bucket: &'static str,
    /// The path and query as sent.
    pub path_and_query: String,
    /// The status answered; 0 while unanswered, and for a connection dropped without an answer.
    pub status: u16,
    /// Whether the client marked it as a retry (`X-Okta-Retry-Count` or `X-Okta-Retry-For`).
    pub retry: bool,
}

impl Call {
    /// The path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or(&self.path_and_query)
    }
}
