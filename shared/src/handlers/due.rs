//! What is due: a job of a connection, by the connection's schedule and what is known of the job's last try.
//!
//! It is only said here; `fan_out` starts what is due and measures who waits, and `rollcall serve` shows it.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{following, idle};
use crate::context::Context;
use crate::directory::{ConnectionState, DirectoryError};
use crate::error::Error;
use crate::model::{Connection, Duty, Job, LastTry, Schedule, Time};

/// How a job of a connection stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What is known of its last try.
    pub last_try: LastTry,
    /// From when on it is due, the past included; `None` when it never is: its schedule is off or has no time left, or the
    /// connection is disabled or has no mapping of what the job reads.
    pub due: Option<Time>,
    /// Whether it waits for a run that succeeds for longer than two periods of its schedule.
    pub is_overdue: bool,
}

/// How a job of a connection stands.
///
/// # Errors
/// When the state table cannot be read.
pub async fn standing(context: &Context, connection: &Connection, job: Job, now: Time) -> Result<Standing, Error> {
    let last_try = context.directory.last_try(&connection.name, job).await?;
    let duty = duty(context, connection, job);
    let due = duty.and_then(|duty| duty.due(&last_try, now));
    let is_overdue = duty.is_some_and(|duty| duty.is_overdue(&last_try, now));
    Ok(Standing { last_try, due, is_overdue })
}

/// A job that is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    /// Up to when it has served the connection; `None`, which comes first, if it never has.
    served: Option<Time>,
    /// The connection's name.
    pub(crate) connection: String,
    /// What is to be started: the full import in place of a job that has none to follow.
    pub(crate) job: Job,
}

/// What a look at a connection found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The job to be started.
    pub(crate) due: Option<Due>,
    /// Whether the connection waits too long for a run that succeeds.
    pub(crate) is_overdue: bool,
    /// For how long its API token has not been used, where that is a day or more.
    pub(crate) idle_token: Option<Duration>,
}

/// Whether a job of a stored connection is due. Trouble with one keeps it from nobody else: one of which something cannot
/// be read is started all the same, and its own run then says what is wrong.
pub(crate) async fn look(
    context: &Context,
    job: Job,
    (name, connection): (String, Result<Connection, DirectoryError>),
    now: Time,
) -> Found {
    let connection = match connection {
        Ok(connection) => connection,
        Err(error) => {
            tracing::warn!(connection = name, job = job.name(), %error, "the connection could not be read");
            let schedule = context.schedules.get(&job);
            let is_due =
                schedule.is_some_and(|schedule| Duty { schedule, zone: &TimeZone::UTC }.is_due_regardless(now));
            let due = is_due.then_some(Due { served: None, connection: name, job });
            return Found { due, ..Found::default() };
        }
    };
    let standing = match standing(context, &connection, job, now).await {
        Ok(standing) => standing,
        Err(error) => {
            tracing::warn!(connection = name, job = job.name(), %error, "the job's last try could not be read");
            let is_due = duty(context, &connection, job).is_some_and(|duty| duty.is_due_regardless(now));
            let due = if is_due { to_start(context, &connection, job, now).await } else { None };
            return Found { due, ..Found::default() };
        }
    };
    let is_due = standing.due.is_some_and(|due| due <= now) && !standing.last_try.is_at_work(now);
    let due = if is_due { to_start(context, &connection, job, now).await } else { None };
    let idle_token = match job {
        Job::Deprovisioning => idle::token(context, &connection, (&standing.last_try, now)).await,
        // One job looks for all.
        _ => None,
    };
    Found { due, is_overdue: standing.is_overdue, idle_token }
}

/// What a job that is due comes to: itself; or the full import, where it could do no more than ask for one. `None` while
/// that is at work, or has failed a moment ago.
async fn to_start(context: &Context, connection: &Connection, job: Job, now: Time) -> Option<Due> {
    to_start_by_state(context, connection, job, now).await.unwrap_or_else(|error| {
        let name = connection.name.clone();
        tracing::warn!(connection = name, job = job.name(), %error, "the connection's state could not be read");
        Some(Due { served: None, connection: name, job })
    })
}

async fn to_start_by_state(
    context: &Context,
    connection: &Connection,
    job: Job,
    now: Time,
) -> Result<Option<Due>, DirectoryError> {
    let name = connection.name.clone();
    let state = context.directory.connection_state(&name).await?;
    if wants_an_import(connection, &state, job) && context.functions.of(Job::FullImport).is_some() {
        let import = context.directory.last_try(&name, Job::FullImport).await?;
        let may_start = !import.is_at_work(now) && import.has_rested(now);
        return Ok(may_start.then_some(Due { served: None, connection: name, job: Job::FullImport }));
    }
    let served = match job {
        Job::FullImport => state.last_complete.map(|import| import.t0),
        Job::DeltaSync => state.watermark,
        Job::Deprovisioning | Job::DeviceCollection | Job::ServiceDiscovery => {
            context.directory.last_try(&name, job).await?.begun
        }
    };
    Ok(Some(Due { served, connection: name, job }))
}

/// Whether a job has no full import to follow.
fn wants_an_import(connection: &Connection, state: &ConnectionState, job: Job) -> bool {
    match job {
        Job::DeltaSync => following::import_to_follow(connection, state).is_err(),
        // It follows an import of other mappings as well.
        Job::Deprovisioning => state.last_complete.is_none(),
        Job::FullImport | Job::DeviceCollection | Job::ServiceDiscovery => false,
    }
}

/// The job as the connection wants it; `None` when it does not, or has no mapping of what the job reads.
fn duty<'a>(context: &'a Context, connection: &'a Connection, job: Job) -> Option<Duty<'a>> {
    let schedule: &Schedule = connection.schedules.get(&job).or_else(|| context.schedules.get(&job))?;
    let wanted = connection.enabled && !schedule.is_off() && connection.wants(job.objects());
    wanted.then_some(Duty { schedule, zone: &connection.timezone })
}
