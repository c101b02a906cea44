//! The delta-sync: who changed since the watermark, and who joined or left a mapped group.
//!
//! Phases follow each other, and each can be taken up again from the checkpoint: groups (those whose members changed are
//! listed again), changes (people whose profile or status changed), deciding (the guard), applying. A delta never takes
//! absence as evidence: deletions are not its business, and who left a group is asked for.

mod changes;
mod checkpoint;
mod delta;
mod members;
mod prepare;

use self::checkpoint::Phase;
use self::delta::Delta;
use super::interruption::Interruption;
use super::invocation::{Stops, of_job};
use super::run::Run;
use super::work::deciding::decide;
use super::work::meeting::apply;
use super::work::{departments, end, managers};
use super::{Event, Response};
use crate::context::Context;
use crate::directory::ConnectionState;
use crate::error::Error;
use crate::model::Job;
use crate::reconcile::watermark;
use crate::report::{RunReport, RunState};

/// Runs the delta-sync of one connection, or starts one for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    of_job(context, event, Job::DeltaSync, sync).await
}

async fn sync(context: &Context, mut run: Run, stops: Option<Stops>) -> Result<RunReport, Error> {
    let delta = match prepare::prepare(context, &mut run, stops).await {
        Ok(delta) => delta,
        Err(interruption) => {
            run.note_use();
            return run.interrupted(interruption).await;
        }
    };
    let ending = phases(&delta).await;
    end(run, &delta, ending).await
}

/// Goes through the phases from where the checkpoint stands, and ends as held or succeeded. A run that meets nobody
/// writes no checkpoint: begun again, it would find as little to do. What lies deep is boxed: futures within futures take
/// more of the stack than a thread may have.
async fn phases(delta: &Delta) -> Result<RunState, Interruption> {
    let mut ending = RunState::Succeeded;
    loop {
        let phase = delta.work().checkpoint.phase;
        let next = match phase {
            Phase::Groups => {
                Box::pin(members::read_groups(delta)).await?;
                Phase::Changes
            }
            Phase::Changes => {
                Box::pin(changes::read(delta)).await?;
                Phase::Deciding
            }
            Phase::Deciding => {
                if delta.ledger(|ledger| ledger.deactivations) {
                    decide(delta).await?;
                }
                Phase::Applying
            }
            Phase::Applying => {
                ending = apply(delta).await?;
                delta.sync_waiting().await?;
                managers::resolve(delta).await?;
                departments::count(delta).await?;
                Phase::Finished
            }
            Phase::Finished => {
                complete(delta).await?;
                return Ok(ending);
            }
        };
        delta.work().checkpoint.phase = next;
        if next != Phase::Finished && delta.ledger(|ledger| ledger.people > 0 || ledger.deactivations) {
            delta.save().await?;
        }
    }
}

/// Everything up to the time that Okta was asked at is in the directory, or in the hold: what follows starts from here.
/// Not where a mapping could not be worked on, or somebody not be told about.
async fn complete(delta: &Delta) -> Result<(), Interruption> {
    let line = &delta.line;
    line.publish().await?;
    let leaves_open = delta.leaves_open();
    let (asked, is_untold) = {
        let work = delta.work();
        (work.checkpoint.asked, work.checkpoint.untold || leaves_open)
    };
    let Some(watermark) = asked.map(watermark).filter(|_| !is_untold && line.groups.broken().is_empty()) else {
        return Ok(());
    };
    // A full import may have moved it further meanwhile.
    let move_on = |state: &mut ConnectionState| state.watermark = state.watermark.max(Some(watermark));
    line.directory.change_connection_state(Some(&line.lease), &line.connection.name, move_on).await?;
    Ok(())
}
