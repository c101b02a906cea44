//! Errors and their three fates.
//!
//! *Retryable*: the next trigger resumes from the checkpoint. *Fatal*: the run stops and somebody has to act.
//! *Of one record*: the object is unsynced and the run goes on. No error is swallowed; none carries a secret.

use crate::directory::DirectoryError;
use crate::okta::OktaError;
use crate::report::Problem;

/// What becomes of a run, or of one object, after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Keep the checkpoint; the next trigger resumes.
    Retryable,
    /// The run stops; somebody has to act.
    Fatal,
    /// The object is unsynced and the run goes on.
    OfOneRecord,
}

/// Whatever ends a run early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Okta could not be read.
    #[error(transparent)]
    Okta(#[from] OktaError),
    /// The directory, the state beside it or the secret store could not be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Something else, said as a problem; with its fate.
    #[error("{}", .0.detail)]
    Problem(Problem, Fate),
}

impl Error {
    /// What becomes of the run.
    pub fn fate(&self) -> Fate {
        match self {
            Error::Okta(error) => error.fate(),
            Error::Directory(error) => error.fate(),
            Error::Problem(_, fate) => *fate,
        }
    }

    /// The error as a run report tells it.
    pub fn problem(&self) -> Problem {
        match self {
            Error::Okta(error) => error.problem(),
            Error::Directory(error) => error.problem(),
            Error::Problem(problem, _) => problem.clone(),
        }
    }
}
