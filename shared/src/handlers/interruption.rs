//! Whatever ends a job's work before its end.

use crate::directory::DirectoryError;
use crate::error::{Error, Fate};
use crate::okta::OktaError;
use crate::report::Problem;

/// Why a job stops before its end.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// The invocation's time is up: a further one goes on from the checkpoint.
    Deadline,
    /// A person stopped the run.
    Cancelled,
    /// The view of Okta cannot be trusted.
    Blind(Problem),
    /// An error of one of the fates that end a run.
    Error(Error),
}

impl Interruption {
    /// The interruption as an error, where there is no run that could end by it.
    pub(crate) fn into_error(self) -> Error {
        let problem = match self {
            Interruption::Error(error) => return error,
            Interruption::Blind(problem) => problem,
            Interruption::Deadline => {
                Problem::new("deadline", "The time is up", "The time for this call is up.", "Call again.")
            }
            Interruption::Cancelled => {
                Problem::new("cancelled", "Cancelled", "A person stopped this.", "Nothing to do.")
            }
        };
        Error::Problem(problem, Fate::Fatal)
    }
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Interruption {
        match error {
            Error::Okta(error) => Interruption::from(error),
            error => Interruption::Error(error),
        }
    }
}

impl From<OktaError> for Interruption {
    fn from(error: OktaError) -> Interruption {
        match error {
            OktaError::DeadlineReached { .. } => Interruption::Deadline,
            error => Interruption::Error(Error::Okta(error)),
        }
    }
}

impl From<DirectoryError> for Interruption {
    fn from(error: DirectoryError) -> Interruption {
        Interruption::Error(Error::Directory(error))
    }
}

/// The run's view of Okta cannot be trusted, for this reason.
pub(crate) fn blind(detail: impl Into<String>) -> Interruption {
    Interruption::Blind(Problem::new(
        "blind",
        "The view of Okta cannot be trusted",
        detail,
        "Nothing that was in the directory before was deactivated. In Okta's admin console check that the credential's \
         account still has a role that sees all of the org (Security > Administrators, for instance Read-only Administrator), then run the job again.",
    ))
}
