//! The hold: who waits in it, who is dropped from it, and when somebody is alarmed; and what a blind run leaves unsynced.

use std::collections::{HashMap, HashSet};

use futures::stream::TryStreamExt;

use super::{AtWork, Sheet};
use crate::directory::{Collected, CollectedFate, SHARDS};
use crate::error::Error;
use crate::handlers::interruption::Interruption;
use crate::handlers::run::OLDEST;
use crate::model::{Change, Outcome, Rejection, RejectionReason};
use crate::reconcile::hash;
use crate::report::{RunReport, RunState};
use crate::telemetry;

/// People in the open hold, as hashes of mapping and id: there may be many.
pub(crate) type Held = HashSet<u64>;

/// Alarms when a hold opens, and again whenever it has doubled: not with every run that adds to it.
pub(super) async fn alarm(job: &AtWork<impl Sheet>) -> Result<(), Interruption> {
    let line = &job.line;
    let Some(hold) = line.directory.hold(&line.connection.name).await? else { return Ok(()) };
    let waiting = line.directory.held(&line.connection.name);
    let waiting = waiting.try_fold(0_u64, async |count, _| Ok(count + 1)).await?;
    if hold.alarmed.is_none_or(|alarmed| waiting >= alarmed.saturating_mul(2)) {
        // Told first: an alarm that comes twice is better than one that does not.
        telemetry::alarm_of_hold(&line.connection.name, (line.lease.job().name(), line.lease.run()), waiting);
        line.directory.note_alarm(&line.lease, waiting).await?;
    }
    Ok(())
}

/// In a blind run nothing collected is carried out or held: each is unsynced until a run that sees decides on it.
pub(crate) async fn set_aside(job: &AtWork<impl Sheet>) -> Result<(), Error> {
    let line = &job.line;
    if !job.ledger(|ledger| ledger.deactivations) {
        return Ok(());
    }
    for shard in 0..SHARDS {
        let mut collected = line.directory.deactivations(line.lease.run(), shard);
        while let Some(Collected { mapping, id, counted, fate, .. }) = collected.try_next().await? {
            let Some(index) = line.connection.mapping_index(&mapping) else { continue };
            let outcome = match fate {
                CollectedFate::Withdrawn(outcome) => outcome,
                CollectedFate::Waits(change) => {
                    line.reject(&line.connection.mappings[index], &id, blind_run(&change)).await?;
                    line.directory.withdraw_deactivation(&line.lease, &mapping, &id, Outcome::Unsynced).await?;
                    Outcome::Unsynced
                }
            };
            job.ledger(|ledger| ledger.count_collected(index, &id, (outcome, counted)));
        }
    }
    Ok(())
}

fn blind_run(change: &Change) -> Rejection {
    Rejection {
        reason: RejectionReason::BlindRun,
        message: "Okta says that this record should be inactive, but the run could not trust what it saw.".to_owned(),
        identifier: change.content.as_ref().map(|content| content.identifier.clone()),
    }
}

pub(crate) async fn held(job: &AtWork<impl Sheet>) -> Result<Held, Interruption> {
    let held = job.line.directory.held(&job.line.connection.name);
    Ok(held.map_ok(|entry| hash((&entry.mapping, &entry.change.id))).try_collect().await?)
}

/// A full import met everybody: an entry of the hold that it did not add or confirm is one that Okta no longer bears
/// out; unless somebody may have added it only after they were met. Gives how many are left.
pub(super) async fn drop_refuted<S: Sheet>(job: &AtWork<S>) -> Result<u64, Interruption> {
    let line = &job.line;
    let mut entries = line.directory.held(&line.connection.name);
    let (mut left, leaves_open) = (0, job.leaves_open());
    let began = job.report(RunState::Running).started;
    let mut ended_before: HashMap<String, bool> = HashMap::new();
    while let Some(entry) = entries.try_next().await? {
        // Of what this run did not read it can say nothing.
        let mapping = line.connection.mapping(&entry.mapping);
        if mapping.is_some_and(|mapping| mapping.source.objects() != S::OBJECTS) {
            left += 1;
            continue;
        }
        // Of whom this run could make nothing it cannot say that Okta refutes the entry.
        let is_broken = line.groups.broken().contains_key(&entry.mapping);
        // Of a later run, perhaps, which saw them go after this one did not: runs' ids go by time.
        let is_newer = *entry.run >= *line.lease.run();
        if !ended_before.contains_key(&entry.run) {
            let adder = line.directory.run(&entry.run).await?;
            // One that did not end within a day is not gone on with.
            let ended = |adder: RunReport| adder.ended.unwrap_or(adder.started.after(OLDEST));
            let has_ended = adder.is_none_or(|adder| ended(adder) < began);
            ended_before.insert(entry.run.clone(), has_ended);
        }
        let may_be_later = !ended_before[&entry.run];
        if leaves_open || may_be_later || is_broken || is_newer || line.is_unsynced(&entry.mapping, &entry.change.id) {
            left += 1;
        } else {
            line.directory.remove_held(&line.lease, &entry.mapping, &entry.change.id).await?;
        }
    }
    Ok(left)
}
