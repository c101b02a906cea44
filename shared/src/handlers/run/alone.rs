//! What a person wants of a run: to see it, to decide on its hold, or to work while none is beside.

use std::collections::HashSet;

use futures::TryStreamExt;
use ulid::Ulid;

use crate::context::Context;
use crate::directory::{Acquired, Directory, Lease};
use crate::error::{Error, Fate};
use crate::model::Job;
use crate::reconcile::hash;
use crate::report::{Problem, RunReport, RunState};

/// The report of a run.
///
/// # Errors
/// Fatal when there is no such run.
pub(crate) async fn find(context: &Context, id: &str) -> Result<RunReport, Error> {
    context.directory.run(id).await?.ok_or_else(|| {
        let detail = format!("There is no run {id:?}.");
        let problem = Problem::new("unknown-run", "There is no such run", detail, "`rollcall runs` lists the runs.");
        Error::Problem(problem.with_status(404), Fate::Fatal)
    })
}

/// What is asked of a run does not fit how it stands.
pub(crate) fn not_in_state(report: &RunReport, what: &str) -> Error {
    let detail = format!("Run {} {what}.", report.run);
    let hint = format!("See how it stands with `rollcall run {}`.", report.run);
    Error::Problem(
        Problem::new("run-state", "The run's state does not allow it", detail, hint).with_status(409),
        Fate::Fatal,
    )
}

/// Makes sure that a run is the one that its connection's open hold waits for: whoever approves or discards decides on
/// the list that this run showed, not on one that a later run has changed.
///
/// # Errors
/// Fatal when the run is not held, or its hold is gone or another run's by now.
pub(crate) async fn holds(directory: &Directory, report: &RunReport) -> Result<(), Error> {
    if report.state != RunState::Held {
        return Err(not_in_state(report, "is not held"));
    }
    match directory.hold(&report.connection).await? {
        Some(hold) if hold.run == report.run => Ok(()),
        Some(hold) => {
            Err(not_in_state(report, &format!("was followed by run {}, which the hold waits for now", hold.run)))
        }
        None => Err(not_in_state(report, "holds nothing any more: a later run found that Okta does not bear it out")),
    }
}

/// What a run's hold lists, as hashes of mapping and id: read whole before anything is done about it, so that what other
/// jobs add meanwhile is nothing that a person decides on.
///
/// # Errors
/// As for [`holds`].
pub(crate) async fn list(directory: &Directory, report: &RunReport) -> Result<HashSet<u64>, Error> {
    let entries = directory.held(&report.connection);
    let listed = entries.map_ok(|entry| hash((&entry.mapping, &entry.change.id))).try_collect().await?;
    // Whoever has added to it until now, and has said so, is the one that it waits for.
    holds(directory, report).await?;
    Ok(listed)
}

/// Takes the lease of an ended run's job, so that nothing else works on the connection's hold meanwhile.
///
/// # Errors
/// Retryable when a run of the job is at work or unfinished.
pub(crate) async fn take(context: &Context, report: &RunReport) -> Result<(Lease, Directory), Error> {
    alone(context, &report.connection, report.job, &report.run).await
}

/// The lease for work of a person's own that no run may be beside: refused while one is, or is left unfinished.
pub(crate) async fn begin_alone(context: &Context, connection: &str, job: Job) -> Result<(Lease, Directory), Error> {
    alone(context, connection, job, &Ulid::generate().to_string()).await
}

async fn alone(context: &Context, connection: &str, job: Job, run: &str) -> Result<(Lease, Directory), Error> {
    let directory = context.directory.metered();
    let other = match directory.acquire_aside(connection, job, run).await? {
        Acquired::New(lease) => return Ok((lease, directory)),
        // Left by an earlier try that died.
        Acquired::TakenUp(lease) if lease.run() == run => return Ok((lease, directory)),
        Acquired::TakenUp(lease) => {
            let other = lease.run().to_owned();
            lease.pause().await?;
            other
        }
        Acquired::Joined { run } => run,
    };
    Err(busy(connection, &other, "Try again when that run has ended."))
}

/// That a run stands in the way of what no run may be beside.
pub(crate) fn busy(connection: &str, run: &str, hint: &str) -> Error {
    let detail = format!("Run {run} of connection {connection} is not finished.");
    let problem = Problem::new("busy", "The connection is being worked on", detail, hint);
    Error::Problem(problem.with_status(409), Fate::Retryable)
}
