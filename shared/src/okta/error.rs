//! What can go wrong with a call to Okta, sorted by what becomes of it.
//!
//! An error says what happened, to which request, and what to do. It carries Okta's code and ids, which
//! support asks for; it never carries a credential, a header of the request, or the query.

use super::answer::Answer;
use super::fault::Fault;
use crate::error::Fate;
use crate::report::Problem;

/// An error of Okta's API.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OktaError {
    /// Okta answered with an error.
    #[error("{answer}")]
    Refused {
        /// What it means.
        fault: Fault,
        /// What Okta said.
        answer: Box<Answer>,
    },
    /// Okta no longer takes the cursor: the listing has to start again from a key of our own.
    #[error("the paging cursor is lost: {0}")]
    CursorLost(Box<Answer>),
    /// There was no answer, or none that could be read.
    #[error("{what}: {detail}")]
    NoAnswer {
        /// In which way.
        how: NoAnswer,
        /// The method and path that were asked.
        what: String,
        /// What the connection reported.
        detail: String,
    },
    /// The link to the next page cannot be followed.
    #[error("{what}: {why}")]
    BadLink {
        /// The method and path of the page with the link.
        what: String,
        /// Why not.
        why: String,
    },
    /// The invocation's deadline is too near for another request or wait.
    #[error("{what}: the deadline does not leave the time")]
    DeadlineReached {
        /// The method and path that were to be asked.
        what: String,
    },
    /// Okta refused the credential, and its newest version could not be read.
    #[error("{}", .problem.detail)]
    CredentialUnread {
        /// Why not.
        problem: Box<Problem>,
        /// What becomes of the run.
        fate: Fate,
    },
    /// The connection's URL or credential cannot be used, or no client can be built.
    #[error("{why}")]
    Unusable {
        /// Why not.
        why: String,
    },
}

/// Ways in which there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The host's name could not be resolved.
    NameUnknown,
    /// The host's certificate is not to be trusted.
    Certificate,
    /// No connection, or it broke before the answer.
    Unreachable,
    /// The answer took too long.
    TimedOut,
    /// The answer was cut short, too large, or not what the endpoint answers.
    Unreadable,
}

impl OktaError {
    /// What becomes of the run, or of the object.
    pub fn fate(&self) -> Fate {
        match self {
            OktaError::Refused { fault, .. } => fault.fate(),
            OktaError::NoAnswer { how: NoAnswer::Certificate, .. } => Fate::Fatal,
            OktaError::NoAnswer { .. } | OktaError::CursorLost(_) | OktaError::DeadlineReached { .. } => {
                Fate::Retryable
            }
            OktaError::CredentialUnread { fate, .. } => *fate,
            OktaError::BadLink { .. } | OktaError::Unusable { .. } => Fate::Fatal,
        }
    }

    /// The error as a run report tells it.
    pub fn problem(&self) -> Problem {
        if let OktaError::CredentialUnread { problem, .. } = self {
            return Problem::clone(problem);
        }
        let words = self.words();
        let title = match self {
            OktaError::Refused { fault: Fault::ScopeMissing, answer: with } if with.missing_scope.is_some() => {
                format!("The OAuth scope {} is missing", with.missing_scope.as_deref().unwrap_or_default())
            }
            _ => words.title.to_owned(),
        };
        let problem = Problem::new(words.slug, &title, self.to_string(), words.hint);
        match self {
            OktaError::Refused { answer, .. } | OktaError::CursorLost(answer) => problem.with_status(answer.status),
            OktaError::NoAnswer { .. }
            | OktaError::BadLink { .. }
            | OktaError::DeadlineReached { .. }
            | OktaError::CredentialUnread { .. }
            | OktaError::Unusable { .. } => problem,
        }
    }

    /// Whether Okta says that this credential may not, or this org cannot, read what was asked: any other
    /// 403 than a deactivated org's, 401 `E0000015`, 404 `E0000008`, 405.
    pub fn is_not_permitted(&self) -> bool {
        matches!(self, OktaError::Refused { fault, .. } if fault.is_not_permitted())
    }

    /// Whether Okta does not take a request of this form, such as a search that it cannot carry out.
    pub fn is_rejected(&self) -> bool {
        matches!(self, OktaError::Refused { fault: Fault::Rejected, .. })
    }

    /// Whether the same request may well succeed if it is sent again.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            OktaError::Refused { .. } | OktaError::NoAnswer { .. } => self.fate() == Fate::Retryable,
            OktaError::CursorLost(_)
            | OktaError::BadLink { .. }
            | OktaError::DeadlineReached { .. }
            | OktaError::CredentialUnread { .. }
            | OktaError::Unusable { .. } => false,
        }
    }

    /// Whether a smaller page may succeed where this one did not.
    pub(super) fn asks_for_smaller_pages(&self) -> bool {
        matches!(
            self,
            OktaError::Refused { fault: Fault::TooHeavy, .. } | OktaError::NoAnswer { how: NoAnswer::TimedOut, .. }
        )
    }
}
