//! An invocation of a job: when it must end, and how the next one goes on with the run.

use std::time::Duration;

use tokio::time::Instant;

use super::run::{self, Opened, Run};
use super::{Event, Response, fan_out};
use crate::context::Context;
use crate::error::Error;
use crate::model::Job;
use crate::report::{RunReport, RunState};

/// A run that needs more invocations than this waits for the next trigger: a function that calls itself must end.
const MOST_INVOCATIONS: u64 = 1_000;

/// The ends of an invocation, before its deadline, that leave it the time for its checkpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stops {
    /// When it takes up nothing more.
    pub(crate) work: Instant,
    /// When it gives up what is still under way: a replay is a no-op, a lost checkpoint is not.
    pub(crate) pages: Instant,
}

impl Stops {
    /// The ends before a deadline: four tenths of the time that is left are kept back, and at most fifteen seconds.
    pub(crate) fn before(deadline: Instant) -> Stops {
        let left = deadline.saturating_duration_since(Instant::now());
        let reserve = (left * 2 / 5).min(Duration::from_secs(15));
        Stops { work: deadline - reserve, pages: deadline - reserve / 2 }
    }
}

/// Has a job do its work on one connection, or starts an invocation for each of which it is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub(crate) async fn of_job<'a, F, W>(context: &'a Context, event: Event, job: Job, work: F) -> Result<Response, Error>
where
    F: FnOnce(&'a Context, Run, Option<Stops>) -> W,
    W: Future<Output = Result<RunReport, Error>>,
{
    let Some(name) = &event.connection else { return fan_out::fan_out(context, job).await };
    let run = match run::open(context, name, job).await? {
        Opened::Mine(run) => *run,
        // Whoever is at it goes on by itself.
        Opened::Joined(report) => return Ok(Response::Run(report)),
    };
    let stops = event.deadline.map(Stops::before);
    let report = work(context, run, stops).await?;
    go_on(context, &report, stops).await?;
    Ok(Response::Run(Box::new(report)))
}

/// Starts a further invocation of this function where the time was up before the run had ended.
///
/// # Errors
/// When none could be started, or the run has had too many; the next trigger resumes it.
pub(crate) async fn go_on(context: &Context, report: &RunReport, stops: Option<Stops>) -> Result<(), Error> {
    let Some(stops) = stops.filter(|_| report.state == RunState::Running && context.functions.own.is_some()) else {
        return Ok(());
    };
    if report.invocations >= MOST_INVOCATIONS {
        return Err(run::too_many_invocations(report));
    }
    // When Okta's limit leaves nothing to do until then, a further invocation could only wait as well.
    tokio::time::sleep_until(stops.work).await;
    let next = Event { connection: Some(report.connection.clone()), run: Some(report.run.clone()), deadline: None };
    fan_out::start(context, context.functions.own.as_deref(), &next).await
}
