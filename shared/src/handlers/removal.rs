//! A person removes a connection: its jobs are stopped, and its records stay, unless they are to go as well.
//!
//! The connection is marked first and taken away last. In between it is there for nobody else, and a removal that breaks
//! off, or that takes longer than there is time, is gone on with by asking again.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use ulid::Ulid;

use super::cancel::cancel;
use crate::context::Context;
use crate::directory::{Acquired, Lease};
use crate::error::{Error, Fate};
use crate::model::Job;
use crate::report::Problem;

/// How often it is looked whether a run that was asked to stop has stopped.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// What becomes of the records of a connection that is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// They stay as they are, and with them what the jobs remember: a connection of the same name goes on with them.
    Kept,
    /// They go, and everything else that is kept of the connection but its runs.
    Deleted,
}

/// How far a removal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The connection is gone.
    Done,
    /// The time was up. Nothing works on the connection any more, and it is there for nobody; ask again for the rest.
    Unfinished,
}

/// Removes a connection, one included whose stored document is not valid. Of mappings that it had once, and has no more,
/// records are not found.
///
/// # Errors
/// Fatal when there is no such connection (status 404); as the directory fails otherwise.
pub async fn remove(context: &Context, name: &str, records: Records, until: Instant) -> Result<Removal, Error> {
    let Some(mappings) = context.directory.begin_removal(name).await? else {
        let detail = format!("There is no connection named {name:?}.");
        let hint = "GET /connections lists those that there are.";
        let problem = Problem::new("unknown-connection", "There is no such connection", detail, hint);
        return Err(Error::Problem(problem.with_status(404), Fate::Fatal));
    };
    stop_runs(context, name).await?;
    if records == Records::Deleted {
        let Some(leases) = all_leases(context, name, until).await? else { return Ok(Removal::Unfinished) };
        let erased = context.directory.erase(name, &mappings, (&leases, until)).await;
        for lease in leases {
            lease.finish().await?;
        }
        if !erased? {
            return Ok(Removal::Unfinished);
        }
    }
    context.directory.end_removal(name).await?;
    tracing::info!(connection = name, records = ?records, "connection removed");
    Ok(Removal::Done)
}

/// Asks the runs that are at work to stop, and ends those that wait for their next invocation.
async fn stop_runs(context: &Context, name: &str) -> Result<(), Error> {
    for job in Job::ALL {
        let Some(run) = context.directory.last_try(name, job).await?.unfinished else { continue };
        match cancel(context, &run).await {
            // It ended by itself, or was never opened.
            Err(Error::Problem(problem, _)) if matches!(problem.status, Some(404 | 409)) => {}
            cancelled => drop(cancelled?),
        }
    }
    Ok(())
}

/// The leases of all jobs, once their runs have stopped; `None` when they do not in time.
async fn all_leases(context: &Context, name: &str, until: Instant) -> Result<Option<Vec<Lease>>, Error> {
    let mut leases = Vec::new();
    for job in Job::ALL {
        leases.push(loop {
            match context.directory.acquire_aside(name, job, &Ulid::generate().to_string()).await? {
                Acquired::New(lease) | Acquired::TakenUp(lease) => break lease,
                Acquired::Joined { .. } if Instant::now() + LOOK_EVERY < until => sleep(LOOK_EVERY).await,
                Acquired::Joined { .. } => {
                    for lease in leases {
                        Lease::finish(lease).await?;
                    }
                    return Ok(None);
                }
            }
        });
    }
    Ok(Some(leases))
}
