//! What can go wrong with the directory, the state beside it and the secret store, and what becomes of the run.
//!
//! An error says which operation on which table failed, with everything the SDK told about it as text. It never
//! carries a secret's value, nor a profile's.

use crate::error::Fate;
use crate::model::{ConfigFault, Job, RejectionReason};

/// An error of DynamoDB or Secrets Manager, or of what was found there.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// DynamoDB or Secrets Manager asked to slow down for longer than the calls were repeated.
    #[error("{call} was throttled: {detail}")]
    Throttled {
        /// The operation and its table.
        call: Call,
        /// The SDK's words.
        detail: String,
    },
    /// The service could not be reached, timed out or failed.
    #[error("{call} did not get through: {detail}")]
    Unavailable {
        /// The operation and its table.
        call: Call,
        /// The SDK's words.
        detail: String,
    },
    /// The table does not exist.
    #[error("{call} failed: there is no such table")]
    MissingTable {
        /// The operation and its table.
        call: Call,
    },
    /// The credentials in use do not permit the operation.
    #[error("{call} is not permitted: {detail}")]
    Denied {
        /// The operation and its table or secret.
        call: Call,
        /// The SDK's words.
        detail: String,
    },
    /// There are no AWS credentials, or AWS does not accept them.
    #[error("{call} failed for want of valid AWS credentials: {detail}")]
    Credentials {
        /// The operation and its table or secret.
        call: Call,
        /// The SDK's words.
        detail: String,
    },
    /// The service refused the request as it stands; repeating it would not help.
    #[error("{call} was refused: {detail}")]
    Refused {
        /// The operation and its table or secret.
        call: Call,
        /// The SDK's words.
        detail: String,
    },
    /// One record is not something that DynamoDB can hold.
    #[error("record {id} cannot be stored: {message}")]
    Unstorable {
        /// The Okta id.
        id: String,
        /// The code of the unsynced row.
        reason: RejectionReason,
        /// What is wrong, naming the field.
        message: String,
    },
    /// The lease was not renewed in time, or somebody else holds it now.
    #[error("the lease on {job} of connection {connection} has lapsed", job = job.name())]
    LeaseLapsed {
        /// The connection's name.
        connection: String,
        /// The job.
        job: Job,
    },
    /// A later holder of the lease has written here already.
    #[error("{what} was written by a later holder of the lease")]
    Fenced {
        /// What was to be written.
        what: String,
    },
    /// Others changed the same item each time that this write was tried.
    #[error("{what} kept changing while it was written")]
    Contended {
        /// What was to be written.
        what: String,
    },
    /// An item is not what this program writes.
    #[error("item {key} of table {table} cannot be read: {message}")]
    Damaged {
        /// The table.
        table: String,
        /// The item's keys.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A stored connection that no longer parses.
    #[error("the stored connection {name} is not valid: {}", list(.faults))]
    BadConnection {
        /// Its name.
        name: String,
        /// Everything that is wrong with it.
        faults: Vec<ConfigFault>,
    },
    /// A connection that somebody is removing, which takes a while with many records.
    #[error("the connection {name} is being removed")]
    BeingRemoved {
        /// Its name.
        name: String,
    },
    /// A secret is not there, or holds no token.
    #[error("secret {name}: {message}")]
    Secret {
        /// The secret's name.
        name: String,
        /// What is wrong with it, never its value.
        message: String,
    },
}

/// An operation and what it was asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The API's name of it, such as `UpdateItem`.
    pub operation: &'static str,
    /// The table's or the secret's name.
    pub target: String,
}

impl std::fmt::Display for Call {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} on {}", self.operation, self.target)
    }
}

impl DirectoryError {
    /// What becomes of the run.
    pub fn fate(&self) -> Fate {
        match self {
            DirectoryError::Throttled { .. }
            | DirectoryError::Unavailable { .. }
            | DirectoryError::LeaseLapsed { .. }
            | DirectoryError::Fenced { .. }
            | DirectoryError::Contended { .. }
            | DirectoryError::BeingRemoved { .. } => Fate::Retryable,
            DirectoryError::Unstorable { .. } => Fate::OfOneRecord,
            DirectoryError::MissingTable { .. }
            | DirectoryError::Denied { .. }
            | DirectoryError::Credentials { .. }
            | DirectoryError::Refused { .. }
            | DirectoryError::Damaged { .. }
            | DirectoryError::BadConnection { .. }
            | DirectoryError::Secret { .. } => Fate::Fatal,
        }
    }
}

/// The faults in one line.
fn list(faults: &[ConfigFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
    lines.join("; ")
}
