//! A deactivation that waited: carried out if it still stands.

use super::interruption::Interruption;
use crate::directory::Written;
use crate::line::{ById, Line};
use crate::model::{Change, Current, Mapping, Outcome, Reason, Sighting};
use crate::reconcile::{Source, Verdict};
use crate::sync::judge;

/// Reads record and object again, because somebody wrote the record since the deactivation was collected (perhaps this
/// very run before it crashed), or because it waited for approval. What Okta says now decides, and only what is still
/// a deactivation is carried out as one. [`Outcome::Stale`] when nothing can be said: it may go on waiting.
pub(crate) async fn settle(line: &Line, mapping: &Mapping, change: &Change) -> Result<Outcome, Interruption> {
    let Some(known) = line.directory.find(&line.connection.name, &mapping.name, &change.id).await? else {
        return take_over(line, mapping, change).await;
    };
    let current = known.current;
    let key = (known.source_created, change.id.as_str());
    line.retell_if_mine(mapping, key, Some(&current)).await?;
    if current.last_write.run == line.lease.run() && current.standing == change.standing {
        return Ok(current.last_write.outcome);
    }
    let object = match line.read_in_sight(mapping.source.objects(), &change.id).await? {
        Some(ById::Here(object)) => object,
        Some(ById::NotVisible) => return settle_absent(line, mapping, change, &current).await,
        Some(ById::Withheld(_)) | None => return Ok(Outcome::Stale),
    };
    let Some(decoded) = line.decode(mapping.source.objects(), &[object]).await?.pop() else {
        return Ok(Outcome::Stale);
    };
    let Some(memberships) = line.memberships_now(mapping, &change.id).await? else { return Ok(Outcome::Stale) };
    let sighting = Sighting::of(mapping, &decoded, &memberships);
    match judge(&sighting, Some(&current), Source::ReadById, line.okta.now()) {
        Verdict::Deactivate(change) | Verdict::Write(change) if !line.plans.list(&mapping.name, &change) => {
            Ok(Outcome::Stale)
        }
        Verdict::Deactivate(change) | Verdict::Write(change) => match line.write(mapping, &change).await? {
            Written::Done => Ok(change.outcome),
            Written::Lost | Written::Claimed => Ok(Outcome::Stale),
        },
        Verdict::Unchanged | Verdict::Excluded | Verdict::Rejected | Verdict::Superseded => Ok(Outcome::Unchanged),
        Verdict::Stale | Verdict::ReadAgain => Ok(Outcome::Stale),
    }
}

/// Nobody there. That bears out a deletion; of somebody who was there when it was collected it says nothing.
async fn settle_absent(
    line: &Line,
    mapping: &Mapping,
    change: &Change,
    current: &Current,
) -> Result<Outcome, Interruption> {
    if current.superseded_by.is_some() || current.standing.is_some_and(Reason::is_gone) {
        // Settled meanwhile, by the log or by whoever took the record over: there is nothing left to wait for.
        return Ok(Outcome::Unchanged);
    }
    if change.observed.is_some() {
        return Ok(Outcome::Stale);
    }
    let outcome = if current.standing.is_none() { Outcome::Deactivated } else { Outcome::Updated };
    let (expected, held_claim) = (Some(current.revision), current.claim.clone());
    let again = Change { expected, held_claim, outcome, ..change.clone() };
    let written = line.write(mapping, &again).await? == Written::Done;
    Ok(if written { outcome } else { Outcome::Stale })
}

/// Somebody without a record of their own, who left, is still to have the one that the directory knew before Okta.
async fn take_over(line: &Line, mapping: &Mapping, change: &Change) -> Result<Outcome, Interruption> {
    if change.predecessor.is_none() {
        return Ok(Outcome::Excluded);
    }
    let ById::Here(object) = line.read_again(mapping.source.objects(), &change.id).await? else {
        return Ok(Outcome::Stale);
    };
    let Some(decoded) = line.decode(mapping.source.objects(), &[object]).await?.pop() else {
        return Ok(Outcome::Stale);
    };
    let Some(memberships) = line.memberships_now(mapping, &change.id).await? else { return Ok(Outcome::Stale) };
    let sighting = Sighting::of(mapping, &decoded, &memberships);
    match judge(&sighting, None, Source::ReadById, line.okta.now()) {
        Verdict::Write(now) if now.standing == change.standing && line.plans.list(&mapping.name, &now) => {
            let again = Change { predecessor: change.predecessor.clone(), outcome: change.outcome, ..now };
            let written = line.write_together(mapping, &[again]).await? == Written::Done;
            Ok(if written { Outcome::Deactivated } else { Outcome::Stale })
        }
        // Back by now, or another record has the identifier: the next import takes it from there.
        _ => Ok(Outcome::Excluded),
    }
}
