//! The service-discovery: every application of an org with who is assigned to it, and who has used it lately.
//!
//! A run first follows the log's sign-ons from where the run before stopped; then it reads the whole list, for there is no
//! delta of applications, and of each that is a service its people and groups, before its record is written: expressions
//! read what was stored. Phases follow each other, and each can be taken up again from the checkpoint: following, reading,
//! absences (of applications that the list did not show), deciding (the guard), applying, at whose end is forgotten what was
//! kept of applications that are gone. No person costs a call.

mod checkpoint;
mod following;
mod forgetting;
mod people;
mod prepare;
mod reading;

use self::checkpoint::{Discovering, Phase};
pub(super) use self::reading::kind_of;
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

/// Runs the service-discovery of one connection, or starts one for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    of_job(context, event, Job::ServiceDiscovery, discover).await
}

async fn discover(context: &Context, mut run: Run, stops: Option<Stops>) -> Result<RunReport, Error> {
    let (discovering, state) = match prepare::prepare(context, &mut run, stops).await {
        Ok(prepared) => prepared,
        Err(interruption) => {
            run.note_use();
            return run.interrupted(interruption).await;
        }
    };
    let ending = phases(&discovering, &state).await;
    end(run, &discovering, ending).await
}

/// Goes through the phases from where the checkpoint stands, and ends as held or succeeded.
async fn phases(job: &Discovering, state: &ConnectionState) -> Result<RunState, Interruption> {
    let mut ending = RunState::Succeeded;
    loop {
        let phase = job.work().checkpoint.phase;
        let next = match phase {
            Phase::Following => {
                Box::pin(following::follow(job)).await?;
                Phase::Reading
            }
            Phase::Reading => {
                Box::pin(reading::read(job)).await?;
                Phase::Absences
            }
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
                Box::pin(forgetting::forget(job)).await?;
                Phase::Finished
            }
            Phase::Finished => {
                complete(job, ending).await?;
                return Ok(ending);
            }
        };
        job.work().checkpoint.phase = next;
        if next != Phase::Finished {
            job.save().await?;
        }
    }
}
