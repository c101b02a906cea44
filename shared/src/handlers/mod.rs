//! What wakes the program: one module for each Lambda function, and the operator's commands.
//!
//! A handler finds out for which connection it was woken, opens a run, calls the stages through [`crate::sync`] and
//! closes the run. It never writes a record itself.

pub mod adopt;
pub mod approve;
pub mod cancel;
pub mod changes;
mod connect;
pub mod connections;
pub mod delta_sync;
pub mod deprovisioning;
pub mod device_collection;
pub mod due;
pub mod event_hook;
mod fan_out;
mod following;
pub mod full_import;
pub mod history;
mod idle;
mod interruption;
mod invocation;
pub mod lists;
pub mod offboarding;
pub mod preview;
pub mod removal;
mod run;
pub mod schema;
pub mod service_discovery;
mod settle;
mod sight;
pub mod start;
pub mod unused;
pub mod verify;
mod waiting;
mod work;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::clock;
use crate::error::Error;
use crate::report::{Problem, RunReport, RunState};

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

/// When a Lambda invocation must be done, from the deadline that Lambda states in milliseconds since 1970.
pub fn deadline(epoch_milliseconds: u64) -> Instant {
    let left = epoch_milliseconds.saturating_sub(clock::now().millis().max(0) as u64);
    Instant::now() + Duration::from_millis(left)
}

/// What a Lambda function answers: the response, or the problem of a run that failed. A held or blind run is no error
/// of the function: it did what it should.
///
/// # Errors
/// The problem, when the run failed or none could be opened.
pub fn outcome(result: Result<Response, Error>) -> Result<Response, Problem> {
    match result {
        Ok(Response::Run(report)) if report.state == RunState::Failed => {
            let unknown = || Problem::new("failed", "The run failed", "The run failed.", "See its report.");
            Err(report.problem.unwrap_or_else(unknown))
        }
        Ok(response) => Ok(response),
        Err(error) => Err(error.problem()),
    }
}
