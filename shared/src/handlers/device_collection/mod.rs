//! The device-collection: every device of an org with who holds it, its trust signals and the verdicts of the org's policies.
//!
//! A run looks at all devices, and then knows which are gone; or, for a day after one that did and while nothing else that
//! records depend on has changed, at those that changed since, by Okta's search and by its log: who gets a device or gives
//! it back does not move the device's own `lastUpdated`. Phases follow each other, and each can be taken up again from the
//! checkpoint: reading, hints (of the log), absences (of devices that a complete list did not show), deciding (the guard),
//! applying. No device costs a call of its own but those that are out of sight or that the log hints at.

mod checkpoint;
mod hints;
mod prepare;
mod reading;

use self::checkpoint::{Collecting, Phase};
use super::interruption::Interruption;
use super::invocation::{Stops, of_job};
use super::run::Run;
use super::work::collecting::complete;
use super::work::deciding::decide;
use super::work::meeting::apply;
use super::work::{absences, end};
use super::{Event, Response};
use crate::context::Context;
use crate::directory::ConnectionState;
use crate::error::Error;
use crate::model::Job;
use crate::report::{RunReport, RunState};

/// Runs the device-collection of one connection, or starts one for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    of_job(context, event, Job::DeviceCollection, collect).await
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
