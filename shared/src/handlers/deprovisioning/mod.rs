//! Deprovisioning: leavers within a minute, by Okta's System Log.
//!
//! The log is polled, and what its events hint at is looked at: the object is read again, and goes the way of every
//! record. An event itself changes nothing; only that somebody was deleted follows from it, together with a 404. Phases
//! follow each other, and each can be taken up again from the checkpoint: following (the log to its end, and whom it hints
//! at), deciding (the guard), applying. How far the log was followed is stored after the effects.

mod batch;
mod checkpoint;
mod follow;
mod gone;
mod people;
mod poll;
mod prepare;

use std::time::Duration;

use futures::TryStreamExt;
use tokio::time::Instant;

use self::batch::Batch;
use self::checkpoint::{Deprovisioning, Phase};
use self::poll::{Poll, Polled};
use super::interruption::Interruption;
use super::invocation::{Stops, go_on};
use super::run::{self, Opened, Run};
use super::work::deciding::decide;
use super::work::meeting::apply;
use super::work::{departments, end};
use super::{Event, Response, fan_out};
use crate::clock;
use crate::context::Context;
use crate::directory::LogPosition;
use crate::error::Error;
use crate::model::Job;
use crate::report::{RunReport, RunState};

/// For so long events wait for a mapping that cannot be worked on.
const WAITED_FOR: Duration = Duration::from_secs(15 * 60);

/// Runs deprovisioning for one connection, or starts it for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    let Some(name) = &event.connection else { return fan_out::fan_out(context, Job::Deprovisioning).await };
    let stops = event.deadline.map(Stops::before);
    loop {
        let position = context.directory.log_position(name).await?;
        let shared = poll::shared_run(&position).map(str::to_owned);
        let run = match run::open_shared(context, name, Job::Deprovisioning, shared.as_deref()).await? {
            Opened::Mine(run) => *run,
            // Whoever is at it goes on by itself.
            Opened::Joined(report) => return Ok(Response::Run(report)),
        };
        let Followed { report, has_looked } = follow_the_log(context, run, position, stops).await?;
        go_on(context, &report, stops).await?;
        let has_ended = has_looked && matches!(report.state, RunState::Succeeded | RunState::Held);
        let in_time = stops.is_none_or(|stops| Instant::now() < stops.work) && !context.halt.is_asked();
        // A hook that came while the run held the lease has woken nobody.
        if !has_ended || !in_time || context.directory.hints(name).try_next().await?.is_none() {
            return Ok(Response::Run(Box::new(report)));
        }
    }
}

/// What an invocation came to.
struct Followed {
    report: RunReport,
    /// Whether the log, and what hooks brought, was looked at to the end.
    has_looked: bool,
}

async fn follow_the_log(
    context: &Context,
    mut run: Run,
    position: LogPosition,
    stops: Option<Stops>,
) -> Result<Followed, Error> {
    let (report, has_looked) = match begin(context, &mut run, position, stops).await {
        Ok(Begun::Work(job, first)) => {
            let ending = phases(context, &job, first).await;
            (end(run, &job, ending).await?, true)
        }
        Ok(quiet) => {
            run.note_use();
            (run.report.state, run.report.ended, run.report.problem) = (RunState::Succeeded, Some(clock::now()), None);
            (run.complete().await?, matches!(quiet, Begun::Quiet))
        }
        Err(interruption) => {
            run.note_use();
            (run.interrupted(interruption).await?, false)
        }
    };
    Ok(Followed { report, has_looked })
}

/// How an invocation begins.
enum Begun {
    /// There is somebody to look at, and a page of the log that was read already.
    Work(Box<Deprovisioning>, Option<Batch>),
    /// The log hints at nobody.
    Quiet,
    /// The first import is at work, and sees everybody itself.
    NotYet,
}

/// Takes up the unfinished run, or polls the log.
async fn begin(
    context: &Context,
    run: &mut Run,
    position: LogPosition,
    stops: Option<Stops>,
) -> Result<Begun, Interruption> {
    let is_shared = poll::shared_run(&position) == Some(run.report.run.as_str());
    let Some(poll) = Poll::begin(context, run, position, stops).await? else { return Ok(Begun::NotYet) };
    let left = run.checkpoint().await?;
    if left.is_some() {
        let hooked = run.directory.hints(&run.report.connection).try_collect().await?;
        let job = prepare::prepare(context, run, poll, (left, stops)).await?;
        job.work().hooked = hooked;
        return Ok(Begun::Work(Box::new(job), None));
    }
    poll::remind(context, run, &poll.position).await;
    match poll.look(context, run).await? {
        Polled::Nothing => Ok(Begun::Quiet),
        Polled::Hints(poll, batch, hooked) => {
            if is_shared {
                run.set_apart().await?;
            }
            let job = prepare::prepare(context, run, *poll, (None, stops)).await?;
            job.work().hooked = hooked;
            Ok(Begun::Work(Box::new(job), Some(batch)))
        }
    }
}

/// Goes through the phases from where the checkpoint stands, and ends as held or succeeded. What lies deep is boxed:
/// futures within futures take more of the stack than a thread may have.
async fn phases(context: &Context, job: &Deprovisioning, first: Option<Batch>) -> Result<RunState, Interruption> {
    let mut first = first;
    loop {
        let phase = job.work().checkpoint.phase;
        let next = match phase {
            Phase::Following => {
                Box::pin(follow::follow(job, first.take())).await?;
                Phase::Deciding
            }
            Phase::Deciding => {
                if job.ledger(|ledger| ledger.deactivations) {
                    decide(job).await?;
                }
                Phase::Applying
            }
            Phase::Applying => {
                apply(job).await?;
                job.sync_waiting().await?;
                complete(context, job).await?;
                Phase::Deriving
            }
            Phase::Deriving => {
                // It takes as long as there are records. What one invocation cannot do is the next delta's: no leaver is to
                // wait for it.
                match departments::count(job).await {
                    Err(Interruption::Deadline) => {
                        job.line.warn("There was no time left to count departments: the next delta-sync does.");
                    }
                    counted => counted?,
                }
                job.line.publish().await?;
                let any_held = job.ledger(|ledger| ledger.any_held());
                return Ok(if any_held { RunState::Held } else { RunState::Succeeded });
            }
        };
        job.work().checkpoint.phase = next;
        if job.ledger(|ledger| ledger.people > 0 || ledger.deactivations) {
            job.save().await?;
        }
    }
}

/// Everything that the log hinted at is in the directory, or in the hold: the next poll goes on from here. Where a mapping
/// could not be worked on, which has yet to hear of those events, or a deactivation not be settled, the next poll begins
/// where this one did; for a while, after which an import has to make up for them.
async fn complete(context: &Context, job: &Deprovisioning) -> Result<(), Interruption> {
    let line = &job.line;
    line.publish().await?;
    let is_open = !line.groups.broken().is_empty() || job.ledger(|ledger| ledger.undecided);
    let (position, import_ended) = {
        let mut work = job.work();
        let looked = work.checkpoint.looked.unwrap_or_else(|| line.okta.now());
        let (next, position) = (work.next(), std::mem::take(&mut work.position));
        let since = position.waits_since.unwrap_or(looked);
        let position = match is_open {
            true if looked.since(since) < WAITED_FOR => {
                LogPosition { waits_since: Some(since), recent: Vec::new(), ..position }
            }
            // The import that makes up for them has to begin after whatever was passed.
            true => LogPosition { gap: Some(looked), ..position }.moved(next, looked),
            false => position.moved(next, looked),
        };
        (position, work.checkpoint.import_ended)
    };
    line.directory.put_log_position(&line.lease, &position).await?;
    // The delta-sync lists the groups whose members changed, wherever an event for each of them is missing.
    if import_ended && !fan_out::start_other(context, Job::DeltaSync, &line.connection.name).await {
        line.warn("A directory's import has ended in Okta: the next delta-sync lists the groups that it changed.");
    }
    Ok(())
}
