//! People whom Okta answers with 404, though the log has just told of them.
//!
//! A 404 says that somebody is not visible. They are deleted only if the log says so as well. Where it does not, they stay
//! as they are, and unsynced; and whether the credential still sees anybody is asked before anything else is believed.

use super::checkpoint::Deprovisioning;
use super::people::Concerned;
use crate::directory::CollectedFate;
use crate::handlers::interruption::Interruption;
use crate::handlers::sight::see_anybody;
use crate::handlers::work::absence::{Absence, gone};
use crate::model::{Outcome, Reason, Rejection, RejectionReason};
use crate::sync::{Landing, Met};

/// Takes in somebody who is out of sight; whether the log explains it.
pub(super) async fn take_in(job: &Deprovisioning, person: &Concerned) -> Result<bool, Interruption> {
    let line = &job.line;
    if !person.hinted.deleted {
        if is_known_gone(job, person).await? {
            // An event of before, which the log got late.
            return Ok(true);
        }
        reject(job, person, unexplained()).await?;
        return Ok(false);
    }
    let (mut landings, met) = (Vec::new(), met(job, person));
    // Under every mapping: a hint of a membership looks at some of them only.
    for (index, mapping) in line.connection.mappings_of_people() {
        let Some(known) = line.directory.find(&line.connection.name, &mapping.name, &person.id).await? else {
            // They may have waited for a record.
            line.clear(mapping, &person.id).await?;
            continue;
        };
        let before = line.before(mapping, &person.id, Some(&known.current));
        let counted = (met == Met::Again).then_some(before);
        let outcome = gone(job, mapping, &known, Absence { reason: Reason::Deleted, counted }).await?;
        landings.push(Landing { mapping: index, id: person.id.clone(), outcome, before });
    }
    count(job, person, &landings, met).await?;
    Ok(true)
}

/// Whether it is known that somebody is gone: their records say so, or will, as the log told this very run.
async fn is_known_gone(job: &Deprovisioning, person: &Concerned) -> Result<bool, Interruption> {
    let line = &job.line;
    for (index, known) in &person.known {
        if known.current.standing.is_some_and(Reason::is_gone) {
            continue;
        }
        let mapping = &line.connection.mappings[*index].name;
        let collected = line.directory.deactivation(line.lease.run(), mapping, &person.id).await?;
        let is_told =
            matches!(collected, Some(CollectedFate::Waits(change)) if change.standing == Some(Reason::Deleted));
        if !is_told {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps somebody as unsynced under the mappings that know them.
pub(super) async fn reject(job: &Deprovisioning, person: &Concerned, rejection: Rejection) -> Result<(), Interruption> {
    let line = &job.line;
    let (mut landings, met) = (Vec::new(), met(job, person));
    for (index, known) in &person.known {
        let mapping = &line.connection.mappings[*index];
        let record = line.directory.record(&line.connection.name, &mapping.name, &person.id).await?;
        let identifier = record.map(|record| record.identifier);
        let before = line.before(mapping, &person.id, Some(&known.current));
        line.reject(mapping, &person.id, Rejection { identifier, ..rejection.clone() }).await?;
        landings.push(Landing { mapping: *index, id: person.id.clone(), outcome: Some(Outcome::Unsynced), before });
    }
    count(job, person, &landings, met).await
}

/// Makes sure that the credential still sees anybody: people who are known to be active.
pub(super) async fn look_around(job: &Deprovisioning) -> Result<(), Interruption> {
    let witnesses = job.work().witnesses.clone();
    see_anybody(&job.line.okta, &witnesses).await
}

fn met(job: &Deprovisioning, person: &Concerned) -> Met {
    if job.work().meeting.met.ids.contains(&person.id) { Met::Again } else { Met::First }
}

async fn count(job: &Deprovisioning, person: &Concerned, landings: &[Landing], met: Met) -> Result<(), Interruption> {
    job.count(landings, met).await?;
    job.note_met(std::slice::from_ref(&person.id));
    Ok(())
}

fn unexplained() -> Rejection {
    Rejection {
        reason: RejectionReason::UnexplainedAbsence,
        message: "Okta's log reports this person, and Okta does not show them; it has no deletion of them.".to_owned(),
        identifier: None,
    }
}
