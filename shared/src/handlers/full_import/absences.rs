//! Absences: suspects and the log's deletions, confirmed one by one.
//!
//! Absence is not evidence. A 404 says that somebody is not visible; only together with a deletion in the system log does
//! it say that they are deleted. Too many absences that nothing explains say that our own view is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::closing::suspects;
use super::import::Import;
use super::members::met_in;
use crate::directory::{ConnectionState, SHARDS, Suspect};
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::absence::{Absence, gone};
use crate::handlers::work::evidence::{Evidence, Gap, gather, last_seen};
use crate::line::ById;
use crate::model::{ObjectKind, Outcome, Reason, Rejection, Time};
use crate::reconcile::{Source, hash, is_too_many};
use crate::sync::{Landing, Met};

/// How long before T0 somebody may have gone whom the import's own pages still showed.
const STILL_LISTED: Duration = Duration::from_secs(15 * 60);
/// Suspects that are being confirmed beside each other.
const AT_ONCE: usize = 8;

/// Confirms every suspect, and everyone whom the log says was deleted while the import ran.
pub(crate) async fn confirm(import: &Import, state: &ConnectionState) -> Result<(), Interruption> {
    let t0 = import.work().checkpoint.t0;
    let gap = Gap { last_seen: last_seen(state).unwrap_or(t0).min(t0), unsettled_since: state.unsettled_since };
    let any_suspects = import.work().checkpoint.suspects;
    let evidence = gather(import, gap, any_suspects).await?;
    if any_suspects {
        let first = import.work().checkpoint.shard;
        for shard in first..SHARDS {
            confirm_shard(import, shard, &evidence).await?;
        }
    }
    confirm_deleted_meanwhile(import, &evidence, t0).await
}

/// Confirms the suspects of one shard, some at a time and in order, so that an interruption costs at most those.
async fn confirm_shard(import: &Import, shard: u64, evidence: &Evidence) -> Result<(), Interruption> {
    let line = &import.line;
    let mut by_id: BTreeMap<String, Vec<Suspect>> = BTreeMap::new();
    let mut suspects = line.directory.suspects(line.lease.run(), shard);
    while let Some(suspect) = suspects.try_next().await? {
        by_id.entry(suspect.id.clone()).or_default().push(suspect);
    }
    let done_to = import.work().checkpoint.done_to.clone();
    let left: Vec<_> =
        by_id.into_iter().filter(|(id, _)| done_to.as_ref().is_none_or(|done_to| id > done_to)).collect();
    let any = !left.is_empty();
    for some in left.chunks(AT_ONCE) {
        import.interrupted()?;
        let found = Mutex::new(Found { unexplained: unexplained(import), landings: Vec::new(), back: Vec::new() });
        let confirming = some.iter().map(|(_, suspects)| confirm_one(import, suspects.clone(), evidence, &found));
        let confirming: Vec<_> = confirming.collect();
        stream::iter(confirming).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        take_in(import, found.into_inner().unwrap_or_else(PoisonError::into_inner), some.last().map(|(id, _)| id));
    }
    {
        let checkpoint = &mut import.work().checkpoint;
        (checkpoint.shard, checkpoint.done_to) = (shard + 1, None);
    }
    if any { import.save().await } else { Ok(()) }
}

fn take_in(import: &Import, found: Found, done_to: Option<&String>) {
    let mut work = import.work();
    found.back.iter().for_each(|id| work.recent.insert(id));
    let checkpoint = &mut work.checkpoint;
    checkpoint.ledger.count(&found.landings);
    checkpoint.ledger.people += found.back.len() as u64;
    checkpoint.done_to = done_to.cloned();
    for (tally, unexplained) in checkpoint.ledger.tallies.iter_mut().zip(found.unexplained) {
        tally.unexplained = unexplained;
    }
}

/// What confirming a shard found.
struct Found {
    unexplained: Vec<u64>,
    landings: Vec<Landing>,
    /// Those who are there after all.
    back: Vec<String>,
}

fn unexplained(import: &Import) -> Vec<u64> {
    import.work().checkpoint.ledger.tallies.iter().map(|tally| tally.unexplained).collect()
}

async fn confirm_one(
    import: &Import,
    suspects: Vec<Suspect>,
    evidence: &Evidence,
    found: &Mutex<Found>,
) -> Result<(), Interruption> {
    let line = &import.line;
    let Some(id) = suspects.first().map(|suspect| suspect.id.clone()) else { return Ok(()) };
    if import.work().recent.ids.contains(&id) {
        // The closing delta met them.
        return Ok(());
    }
    let reason = match line.read_again(ObjectKind::User, &id).await? {
        ById::Here(object) => {
            // Where groups are listed, they may have been met under other mappings.
            let wanted = |mapping: usize, _: &str| {
                let name = &line.connection.mappings[mapping].name;
                !import.by_group || suspects.iter().any(|suspect| suspect.mapping == *name)
            };
            let landings =
                line.page_where((ObjectKind::User, &[object]), (Source::ReadById, Met::First), wanted).await?;
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            // Under the mappings that knew them nothing was counted yet; the others never saw them either.
            found.landings.extend(landings);
            found.back.push(id);
            return Ok(());
        }
        ById::Withheld(rejection) => Err(rejection),
        ById::NotVisible => evidence.of(&id),
    };
    for suspect in suspects {
        let mappings = &line.connection.mappings;
        let Some(index) = line.connection.mapping_index(&suspect.mapping) else { continue };
        let Some(known) = line.directory.find(&line.connection.name, &suspect.mapping, &id).await? else { continue };
        let outcome = match &reason {
            Ok(reason) => gone(import, &mappings[index], &known, Absence { reason: *reason, counted: None }).await?,
            Err(rejection) => {
                let record = line.directory.record(&line.connection.name, &suspect.mapping, &id).await?;
                let identifier = record.map(|record| record.identifier);
                line.reject(&mappings[index], &id, Rejection { identifier, ..rejection.clone() }).await?;
                Some(Outcome::Unsynced)
            }
        };
        note(import, index, &id, outcome, found)?;
    }
    Ok(())
}

/// Keeps what became of an absent one; notices when too many are unexplained.
fn note(
    import: &Import,
    index: usize,
    id: &str,
    outcome: Option<Outcome>,
    found: &Mutex<Found>,
) -> Result<(), Interruption> {
    let known = import.work().checkpoint.ledger.tallies[index].known;
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    if outcome == Some(Outcome::Unsynced) {
        found.unexplained[index] += 1;
        let unexplained = found.unexplained[index];
        if is_too_many(unexplained, known) {
            return Err(blind(format!(
                "At least {unexplained} of {known} known people are out of sight, and Okta's log has no deletion of them."
            )));
        }
    }
    found.landings.push(Landing { mapping: index, id: id.to_owned(), outcome, before: Outcome::Unchanged });
    Ok(())
}

/// People of whom the log says that they were deleted since the import began: some were seen before they went, suspects
/// among them whom the closing delta or the read by id met.
async fn confirm_deleted_meanwhile(import: &Import, evidence: &Evidence, t0: Time) -> Result<(), Interruption> {
    let since = t0.before(STILL_LISTED);
    let gone: BTreeSet<&String> =
        evidence.deletions.iter().filter(|(_, published)| **published >= since).map(|(id, _)| id).collect();
    let confirmed = suspects(import).await?;
    let done_to = import.work().checkpoint.done_to.clone();
    let left = gone.into_iter().filter(|id| done_to.as_ref().is_none_or(|done_to| *id > done_to));
    for id in left {
        let was_met = import.work().recent.ids.contains(id);
        if confirmed.contains(&hash(id)) && !was_met {
            // Confirmed as a suspect, and counted so: once is enough.
            continue;
        }
        import.interrupted()?;
        confirm_deleted(import, id).await?;
        import.work().checkpoint.done_to = Some(id.clone());
    }
    Ok(())
}

async fn confirm_deleted(import: &Import, id: &str) -> Result<(), Interruption> {
    let line = &import.line;
    let mut known = Vec::new();
    for (index, mapping) in line.connection.mappings_of_people() {
        let found = line.directory.find(&line.connection.name, &mapping.name, id).await?;
        let left = found.filter(|found| !found.current.standing.is_some_and(Reason::is_gone));
        known.extend(left.map(|found| (index, found)));
    }
    if known.is_empty() || !matches!(line.read_again(ObjectKind::User, id).await?, ById::NotVisible) {
        return Ok(());
    }
    for (index, known) in known {
        let mapping = &line.connection.mappings[index];
        let before = line.before(mapping, id, Some(&known.current));
        let absence = Absence { reason: Reason::Deleted, counted: Some(before) };
        let outcome = gone(import, mapping, &known, absence).await?;
        let landing = Landing { mapping: index, id: id.to_owned(), outcome, before };
        if import.withdraw(&landing).await? {
            continue;
        }
        // Where groups are listed, who is in none of them was not met.
        if import.by_group && met_in(import, index, id).is_none() {
            import.work().checkpoint.ledger.count(&[landing]);
        } else {
            import.work().checkpoint.ledger.count_again(&landing);
        }
    }
    Ok(())
}
