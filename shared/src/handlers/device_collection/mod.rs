//! The device-collection: every device of an org with who holds it, its trust signals and the verdicts of the org's policies.
//!
//! A run looks at all devices, and then knows which are gone; or, for a day after one that did and while nothing else that
//! records depend on has changed, at those that changed since, by Okta's search and by its log: who gets a device or gives
//! it back does not move the device's own `lastUpdated`. Phases follow each other, and each can be taken up again from the
//! checkpoint: reading, hints (of the log), absences (of devices that a complete list did not show), deciding (the guard),
//! applying. No device costs a call of its own but those that are out of sight or that the log hints at.

mod absences;
mod checkpoint;
mod hints;
mod prepare;
mod reading;

use std::collections::BTreeMap;

use self::checkpoint::{Collecting, Phase};
use super::interruption::Interruption;
use super::invocation::{Stops, go_on};
use super::run::{self, Opened, Run};
use super::work::deciding::decide;
use super::work::end;
use super::work::meeting::apply;
use super::{Event, Response, fan_out};
use crate::context::Context;
use crate::directory::{Collection, ConnectionState};
use crate::error::Error;
use crate::model::{Job, ObjectKind, Time};
use crate::reconcile::watermark;
use crate::report::{RunReport, RunState};

/// Runs the device-collection of one connection, or starts one for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    let Some(name) = &event.connection else { return fan_out::fan_out(context, Job::DeviceCollection).await };
    let run = match run::open(context, name, Job::DeviceCollection).await? {
        Opened::Mine(run) => *run,
        // Whoever is at it goes on by itself.
        Opened::Joined(report) => return Ok(Response::Run(report)),
    };
    let stops = event.deadline.map(Stops::before);
    let report = collect(context, run, stops).await?;
    go_on(context, &report, stops).await?;
    Ok(Response::Run(Box::new(report)))
}

async fn collect(context: &Context, mut run: Run, stops: Option<Stops>) -> Result<RunReport, Error> {
    let (collecting, state) = match prepare::prepare(context, &mut run, stops).await {
        Ok(prepared) => prepared,
        Err(interruption) => {
            run.note_use();
            return run.interrupted(interruption).await;
        }
    };
    let ending = phases(&collecting, &state).await;
    end(run, &collecting, ending).await
}

/// Goes through the phases from where the checkpoint stands, and ends as held or succeeded. A run that meets nothing
/// writes no checkpoint: begun again, it would find as little to do.
async fn phases(job: &Collecting, state: &ConnectionState) -> Result<RunState, Interruption> {
    let mut ending = RunState::Succeeded;
    loop {
        let phase = job.work().checkpoint.phase;
        let next = match phase {
            Phase::Reading => {
                Box::pin(reading::read(job)).await?;
                Phase::Hints
            }
            Phase::Hints => match Box::pin(hints::follow(job)).await? {
                hints::Followed::All => Phase::Absences,
                // What a search and the log cannot tell, the complete list can.
                hints::Followed::NotAll => {
                    job.work().checkpoint.look_at_all();
                    Phase::Reading
                }
            },
            Phase::Absences => {
                Box::pin(absences::confirm(job, state)).await?;
                Phase::Deciding
            }
            Phase::Deciding => {
                if job.ledger(|ledger| ledger.deactivations) {
                    decide(job).await?;
                }
                Phase::Applying
            }
            Phase::Applying => {
                ending = apply(job).await?;
                job.sync_waiting().await?;
                Phase::Finished
            }
            Phase::Finished => {
                complete(job, ending).await?;
                return Ok(ending);
            }
        };
        job.work().checkpoint.phase = next;
        if next != Phase::Finished && job.ledger(|ledger| ledger.people > 0 || ledger.deactivations) {
            job.save().await?;
        }
    }
}

/// Everything up to the time that Okta was asked at is in the directory, or in the hold: what follows starts from here.
async fn complete(job: &Collecting, ending: RunState) -> Result<(), Interruption> {
    let line = &job.line;
    line.publish().await?;
    let checkpoint = job.work().checkpoint.clone();
    let Some(asked) = checkpoint.asked else { return Ok(()) };
    if checkpoint.all && line.any_unsynced() {
        let started = job.report(RunState::Running).started;
        let is_of =
            |name: &str| line.connection.mapping(name).is_some_and(|mapping| mapping.source.reads(ObjectKind::Device));
        line.directory.forget_unsynced(&line.lease, started, is_of).await?;
    }
    let is_settled = ending != RunState::Held && checkpoint.ledger.tallies.iter().all(|tally| tally.unexplained == 0);
    let move_on = |state: &mut ConnectionState| {
        let before = state.devices.take();
        state.devices = match before {
            Some(collected) if !checkpoint.all => {
                Some(Collection { watermark: collected.watermark.max(watermark(asked)), ..collected })
            }
            before => Some(whole(job, (before, is_settled), asked)),
        };
    };
    line.directory.change_connection_state(Some(&line.lease), &line.connection.name, move_on).await?;
    Ok(())
}

/// What is known after a run that looked at all devices.
fn whole(job: &Collecting, (before, is_settled): (Option<Collection>, bool), asked: Time) -> Collection {
    let (run, checkpoint) = (job.line.lease.run(), job.work().checkpoint.clone());
    let tallies = job.line.connection.mappings.iter().zip(&checkpoint.ledger.tallies);
    let active: BTreeMap<String, u64> = tallies.map(|(mapping, tally)| (mapping.name.clone(), tally.active)).collect();
    // Once more for the same run, after a crash, changes nothing.
    let open_since = match &before {
        Some(before) if before.run == run => before.unsettled_since,
        Some(before) => before.unsettled_since.or(Some(before.t0)),
        None => None,
    };
    Collection {
        run: run.to_owned(),
        t0: asked,
        background: checkpoint.background,
        active,
        objects: checkpoint.ledger.people,
        watermark: watermark(asked),
        unsettled_since: open_since.filter(|_| !is_settled),
    }
}
