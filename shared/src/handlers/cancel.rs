//! A person stops a run, or discards the hold that it opened.

use futures::TryStreamExt;

use super::run;
use crate::clock;
use crate::context::Context;
use crate::directory::{Acquired, Directory, Lease};
use crate::error::Error;
use crate::reconcile::hash;
use crate::report::{RunReport, RunState};

/// Stops a run: one at work ends at its next report, one that waits for its next invocation ends at once, and of a held
/// one the hold is discarded (a later run that finds the same opens it again).
///
/// # Errors
/// When there is no such run, or it has ended.
pub async fn cancel(context: &Context, id: &str) -> Result<RunReport, Error> {
    let report = run::find(context, id).await?;
    match report.state {
        RunState::Running => stop(context, report).await,
        RunState::Held => discard(context, report).await,
        RunState::Succeeded | RunState::Failed | RunState::Blind | RunState::Cancelled => {
            Err(run::not_in_state(&report, "has ended: there is nothing to cancel"))
        }
    }
}

async fn stop(context: &Context, report: RunReport) -> Result<RunReport, Error> {
    context.directory.request_cancel(&report.run).await?;
    match context.directory.acquire_aside(&report.connection, report.job, &report.run).await? {
        Acquired::Joined { .. } => Ok(report),
        Acquired::New(lease) | Acquired::TakenUp(lease) if lease.run() == report.run => {
            // It may have ended while the lease was being asked for.
            let report = run::find(context, &report.run).await?;
            if report.state != RunState::Running {
                lease.finish().await?;
                return Err(run::not_in_state(&report, "has ended: there is nothing to cancel"));
            }
            let report = RunReport { state: RunState::Cancelled, ended: Some(clock::now()), ..report };
            context.directory.put_run(&lease, &report).await?;
            lease.finish().await?;
            Ok(report)
        }
        Acquired::New(lease) | Acquired::TakenUp(lease) => {
            lease.pause().await?;
            Err(run::not_in_state(&report, "was left for another run"))
        }
    }
}

async fn discard(context: &Context, report: RunReport) -> Result<RunReport, Error> {
    run::holds(&context.directory, &report).await?;
    let (lease, directory) = run::take(context, &report).await?;
    let result = empty_hold(&directory, &lease, report).await;
    lease.finish().await?;
    result
}

async fn empty_hold(directory: &Directory, lease: &Lease, report: RunReport) -> Result<RunReport, Error> {
    let listed = run::list(directory, &report).await?;
    let mut entries = directory.held(&report.connection);
    while let Some(entry) = entries.try_next().await? {
        if !listed.contains(&hash((&entry.mapping, &entry.change.id))) {
            continue;
        }
        directory.remove_held(lease, &entry.mapping, &entry.change.id).await?;
    }
    directory.close_hold(lease).await?;
    let report = RunReport { state: RunState::Cancelled, ended: Some(clock::now()), problem: None, ..report };
    directory.put_run(lease, &report).await?;
    Ok(report)
}
