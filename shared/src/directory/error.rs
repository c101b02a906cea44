//! What can go wrong with a call to DynamoDB.
use crate::error::Fate;
use crate::report::Problem;

/// An error of DynamoDB or Secrets Manager.
#[derive(Debug, thiserror::Error)]
#[error("directory")]
pub struct DirectoryError;
impl DirectoryError {
    /// Its fate.
    pub fn fate(&self) -> Fate {
        Fate::Fatal
    }
    /// As a problem.
    pub fn problem(&self) -> Problem {
        Problem::new("directory", "directory", "", "")
    }
}
