//! What can go wrong with a call to Okta.
use crate::error::Fate;
use crate::report::Problem;

/// An error of Okta's API.
#[derive(Debug, thiserror::Error)]
#[error("okta")]
pub struct OktaError;
impl OktaError {
    /// Its fate.
    pub fn fate(&self) -> Fate {
        Fate::Fatal
    }
    /// As a problem.
    pub fn problem(&self) -> Problem {
        Problem::new("okta", "okta", "", "")
    }
}
