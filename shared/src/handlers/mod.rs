//! What wakes the program: one module for each Lambda function, and the operator's commands.
//!
//! A handler finds out for which connection it was woken, opens a run, calls the stages through [`crate::sync`] and
//! closes the run. It never writes a record itself.

pub mod approve;
pub mod cancel;
mod connect;
mod deactivations;
mod fan_out;
pub mod full_import;
mod interruption;
pub mod preview;
mod run;
pub mod verify;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::report::RunReport;

/// What wakes a job: its Lambda event, and when it must be done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The connection; `None` for all that are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The run that this invocation continues, for the log; which run is continued follows from the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// When the invocation must have checkpointed; `None` where nothing ends it.
    #[serde(skip)]
    pub deadline: Option<Instant>,
}

/// What a job's invocation answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The run of one connection, as it stands at the end of the invocation.
    Run(Box<RunReport>),
    /// The connections for which invocations were started.
    Started(Vec<String>),
}
