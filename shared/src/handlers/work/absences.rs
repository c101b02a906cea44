//! Absences: known objects that a complete list did not show, confirmed one by one. Absence is not evidence: a 404 says that
//! an object is not visible, and only with its deletion in the log that it is deleted.

use std::collections::BTreeSet;

use futures::TryStreamExt;

use super::AtWork;
use super::absence::{Absence, gone};
use super::collecting::Collects;
use super::evidence::{Evidence, Gap, gather};
use crate::directory::{ConnectionState, Known};
use crate::handlers::interruption::{Interruption, blind};
use crate::line::ById;
use crate::model::{Outcome, Reason, Rejection};
use crate::reconcile::{Source, is_too_many};
use crate::sync::Landing;

/// Absent objects after which a checkpoint is due.
const OBJECTS_A_PAGE: usize = 50;

/// Confirms what a complete list left out; counts, by the way, the records that are active.
pub(crate) async fn confirm<S: Collects>(job: &AtWork<S>, state: &ConnectionState) -> Result<(), Interruption> {
    if !job.work().looked().all {
        return Ok(());
    }
    let suspects = find_suspects(job).await?;
    if suspects.is_empty() {
        return Ok(());
    }
    let collected = S::collected(state);
    let now = job.line.okta.now();
    let began = state.first_asked.get(&S::OBJECTS).copied();
    let last_seen = collected.map(|collected| collected.t0).or(began).unwrap_or(now).min(now);
    let unsettled_since = collected.and_then(|collected| collected.unsettled_since);
    let evidence = gather(job, Gap { last_seen, unsettled_since }, true).await?;
    let done_to = job.work().done_to().clone();
    let left: Vec<String> =
        suspects.into_iter().filter(|id| done_to.as_ref().is_none_or(|done_to| id > done_to)).collect();
    for some in left.chunks(OBJECTS_A_PAGE) {
        for id in some {
            job.interrupted()?;
            confirm_one(job, id, &evidence).await?;
            *job.work().done_to() = Some(id.clone());
        }
        job.save().await?;
    }
    Ok(())
}

/// The known objects that were not met, in order.
async fn find_suspects<S: Collects>(job: &AtWork<S>) -> Result<BTreeSet<String>, Interruption> {
    let line = &job.line;
    let mut suspects = BTreeSet::new();
    for (index, mapping) in line.connection.mappings_of(S::OBJECTS) {
        let (mut known, mut active) = (0, 0);
        let mut records = line.directory.known(&line.connection.name, &mapping.name, None, None);
        while let Some(Known { id, current, .. }) = records.try_next().await? {
            // What this run has written so far has to be counted in it, and told.
            let is_of_before = !job.line.lease.wrote(&current.last_write.run);
            if current.standing.is_some_and(Reason::is_gone) && is_of_before {
                continue;
            }
            known += 1;
            active += u64::from(current.standing.is_none());
            if !job.work().meeting().met.ids.contains(&id) {
                suspects.insert(id);
            }
        }
        job.ledger(|ledger| (ledger.tallies[index].known, ledger.tallies[index].active) = (known, active));
    }
    Ok(suspects)
}

async fn confirm_one<S: Collects>(job: &AtWork<S>, id: &str, evidence: &Evidence) -> Result<(), Interruption> {
    match job.line.read_again(S::OBJECTS, id).await? {
        ById::Here(object) => job.take_in(vec![object], Source::ReadById).await.map(drop),
        ById::NotVisible => gone_from(job, id, &evidence.of(id)).await,
        ById::Withheld(rejection) => gone_from(job, id, &Err(rejection)).await,
    }
}

/// Writes down, under every mapping that knows it, that an object is gone, or why nobody can tell.
pub(crate) async fn gone_from<S: Collects>(
    job: &AtWork<S>,
    id: &str,
    reason: &Result<Reason, Rejection>,
) -> Result<(), Interruption> {
    let line = &job.line;
    for (index, mapping) in line.connection.mappings_of(S::OBJECTS) {
        let Some(known) = line.directory.find(&line.connection.name, &mapping.name, id).await? else { continue };
        let is_of_before = !line.lease.wrote(&known.current.last_write.run);
        if known.current.standing.is_some_and(Reason::is_gone) && is_of_before {
            continue;
        }
        // What the list has shown before it went is counted already.
        let before = line.before(mapping, id, Some(&known.current));
        let counted = job.work().has_met(id).then_some(before);
        let outcome = match reason {
            Ok(reason) => gone(job, mapping, &known, Absence { reason: *reason, counted }).await?,
            Err(rejection) => {
                let record = line.directory.record(&line.connection.name, &mapping.name, id).await?;
                let identifier = record.map(|record| record.identifier);
                line.reject(mapping, id, Rejection { identifier, ..rejection.clone() }).await?;
                note_unexplained(job, index)?;
                Some(Outcome::Unsynced)
            }
        };
        let landing = Landing { mapping: index, id: id.to_owned(), outcome, before };
        if counted.is_some() && job.withdraw(&landing).await? {
            continue;
        }
        job.ledger(|ledger| match counted {
            Some(_) => ledger.count_again(&landing),
            None => ledger.count(std::slice::from_ref(&landing)),
        });
    }
    job.note_met(&[id.to_owned()]);
    Ok(())
}

/// Too many absences that nothing explains say that our own view is wrong.
fn note_unexplained<S: Collects>(job: &AtWork<S>, index: usize) -> Result<(), Interruption> {
    let (unexplained, known) = job.ledger(|ledger| {
        let tally = &mut ledger.tallies[index];
        tally.unexplained += 1;
        (tally.unexplained, tally.known)
    });
    // A run that looks only at what changed does not know how many there are.
    let all = job.work().looked().all;
    match all && is_too_many(unexplained, known) {
        true => Err(blind(format!(
            "At least {unexplained} of {known} known {} are out of sight, and Okta's log has no deletion of them.",
            S::OBJECTS.plural()
        ))),
        false => Ok(()),
    }
}
