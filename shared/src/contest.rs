//! Contested identifiers: what becomes of a change whose identifier another record holds.
//!
//! The line comes here when DynamoDB refuses a write for its claim. What Okta says now of the holder decides: whoever
//! has changed their own identifier since gives the claim up in the same transaction, and so may the next, so that swaps
//! and chains of renames end right at once. So does whoever is out of scope, whose record is not kept up to date else.
//! Whoever left for good gives the record to the newcomer. Otherwise the holder keeps it, and the newcomer waits.

use crate::directory::{Known, Written};
use crate::error::Error;
use crate::line::{ById, Line};
use crate::model::{
    Change, Claim, Current, Decoded, Former, Mapping, Outcome, Predecessor, Reason, Rejection, RejectionReason,
    Sighting, is_adopted,
};
use crate::reconcile::{Source, Verdict};
use crate::rehire::ambiguous;
use crate::sync::judge;

/// So many records change in one transaction at most.
const LONGEST_CHAIN: usize = 20;

/// What a contest comes to.
pub(crate) enum Contest {
    /// The change is written, or the object has no record of its own: its bucket.
    Settled(Outcome),
    /// Something changed meanwhile: judge again.
    Again,
    /// The holder keeps the identifier.
    Stands(Rejection),
    /// Somebody who left takes over a record that is in use: the guard decides.
    Leaves(Box<Change>),
}

/// Who stands in the way of a change.
enum Opponent {
    /// Nobody any more.
    Nobody,
    /// A record that gives the claim up for good.
    Predecessor(Predecessor),
    /// A record whose own identifier is another by now: the change that says so.
    Moves(Box<Change>),
    /// The active record of the person whose earlier, deactivated account the change is about.
    LaterSelf(Former),
    /// A record that keeps it.
    Holder(Former),
}

/// Whom a newcomer waits for, as they were when it was judged that they keep what they hold.
struct Obstacle {
    id: String,
    /// The revision of their record.
    revision: Option<u64>,
}

impl Obstacle {
    /// Somebody who would change, if they could.
    fn of(change: &Change) -> Obstacle {
        Obstacle { id: change.id.clone(), revision: change.expected }
    }
}

impl Line {
    /// Settles who has the identifier of a change that was refused for it.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta or the directory.
    pub(crate) async fn contest(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        change: &Change,
    ) -> Result<Contest, Error> {
        let mut chain = vec![change.clone()];
        while let Some((last, claim)) = chain.last().and_then(|last| Some((last, wanted(last)?))) {
            if chain.iter().any(|other| other.held_claim.as_ref() == Some(claim)) {
                // Whoever of the chain holds it gives it up in the same transaction.
                break;
            }
            match self.opponent(mapping, last, claim).await? {
                Opponent::Nobody => break,
                Opponent::Predecessor(Predecessor::LeftBehind(other) | Predecessor::TakenOver(other))
                    if last.predecessor.as_ref().is_some_and(|known| known.id() != other.id) =>
                {
                    // The record that is taken over is one, and that of the identifier another.
                    let candidates = last.predecessor.iter().map(Predecessor::id).chain([other.id.as_str()]);
                    return Ok(Contest::Stands(ambiguous(change, candidates)));
                }
                Opponent::Predecessor(predecessor) => {
                    if let Some(last) = chain.last_mut() {
                        last.outcome = match (&predecessor, last.standing) {
                            (Predecessor::TakenOver(former), _) if is_adopted(&former.id) => Outcome::Updated,
                            (Predecessor::TakenOver(_), None) => Outcome::Reactivated,
                            (Predecessor::TakenOver(_), Some(_)) => Outcome::Updated,
                            _ => last.outcome,
                        };
                        last.predecessor = Some(predecessor);
                    }
                    break;
                }
                Opponent::Moves(next) if chain.len() < LONGEST_CHAIN && may_join(&chain, &next) => {
                    chain.push(*next);
                }
                Opponent::LaterSelf(later) if chain.len() == 1 => {
                    return self.supersede(mapping, sighting, &later).await;
                }
                Opponent::Moves(kept) => return self.wait(mapping, &chain, Obstacle::of(&kept)).await,
                Opponent::LaterSelf(kept) | Opponent::Holder(kept) => {
                    let kept = Obstacle { id: kept.id, revision: Some(kept.revision) };
                    return self.wait(mapping, &chain, kept).await;
                }
            }
        }
        if let [change] = chain.as_slice()
            && change.standing.is_some()
            && change.predecessor.as_ref().is_some_and(|predecessor| is_adopted(predecessor.id()))
        {
            return Ok(Contest::Leaves(Box::new(Change { outcome: Outcome::Deactivated, ..change.clone() })));
        }
        if self.write_together(mapping, &chain).await? != Written::Done {
            return Ok(Contest::Again);
        }
        for other in &chain[1..] {
            self.clear(mapping, &other.id).await?;
        }
        Ok(Contest::Settled(chain[0].outcome))
    }

    async fn opponent(&self, mapping: &Mapping, change: &Change, claim: &Claim) -> Result<Opponent, Error> {
        let name = &self.connection.name;
        let Some(holder) = self.directory.holder(name, &mapping.name, claim).await? else {
            return Ok(Opponent::Nobody);
        };
        if holder.id == change.id {
            return Ok(Opponent::Nobody);
        }
        let whole = self.directory.whole(name, &mapping.name, holder.source_created, &holder.id).await?;
        let Some((current, former)) = whole.filter(|(current, _)| current.claim.as_ref() == Some(claim)) else {
            return Ok(Opponent::Predecessor(Predecessor::Forgotten(holder.id)));
        };
        let predecessor = predecessor(mapping, change, &current, &former);
        if let Some(predecessor) = predecessor.clone().filter(|_| current.standing != Some(Reason::Deactivated)) {
            return Ok(Opponent::Predecessor(predecessor));
        }
        let stays = |former| predecessor.clone().map_or(Opponent::Holder(former), Opponent::Predecessor);
        let ById::Here(object) = self.read_again(mapping.source.objects(), &holder.id).await? else {
            return Ok(stays(former));
        };
        let Some(decoded) = self.decode(mapping.source.objects(), &[object]).await?.pop() else {
            return Ok(stays(former));
        };
        // A deactivated account that is called something else by now is nobody's earlier one by its identifier.
        if let Some(predecessor) = predecessor.filter(|_| !is_called_otherwise(mapping, &decoded, claim)) {
            return Ok(Opponent::Predecessor(predecessor));
        }
        let Some(memberships) = self.memberships_now(mapping, &holder.id).await? else {
            return Ok(Opponent::Holder(former));
        };
        let sighting = Sighting::of(mapping, &decoded, &memberships);
        let said = sighting.desired.as_ref().and_then(|desired| desired.content.as_ref());
        if said.is_some_and(|content| content.claim.as_ref() == Some(claim)) {
            let is_earlier_self = is_rehired(mapping, change) && change.standing == Some(Reason::Deactivated);
            let is_in_use = current.standing.is_none();
            return Ok(match is_earlier_self && is_in_use {
                true => Opponent::LaterSelf(former),
                false => Opponent::Holder(former),
            });
        }
        let is_left_out =
            sighting.rejection.is_none() && sighting.desired.as_ref().is_some_and(|desired| desired.content.is_none());
        // Their record shows what it showed when they left, and nothing keeps it up to date.
        if is_left_out && current.standing.is_some() && is_called_otherwise(mapping, &decoded, claim) {
            return Ok(Opponent::Predecessor(Predecessor::LeftBehind(former)));
        }
        match judge(&sighting, Some(&current), Source::ReadById, self.okta.now()) {
            Verdict::Write(change) if change.content.is_some() && self.plans.list(&mapping.name, &change) => {
                Ok(Opponent::Moves(Box::new(change)))
            }
            _ => Ok(Opponent::Holder(former)),
        }
    }

    /// The newcomer, the first of the chain, waits for what another holds, unless that has just come free. Whoever the
    /// first obstacle waits for may have to wait as well.
    async fn wait(&self, mapping: &Mapping, chain: &[Change], kept: Obstacle) -> Result<Contest, Error> {
        let Some((change, claim)) = chain.first().and_then(|change| Some((change, wanted(change)?))) else {
            return Ok(Contest::Again);
        };
        let Obstacle { id, revision } = chain.get(1).map_or(kept, Obstacle::of);
        if !self.directory.wait_for(&self.lease, &mapping.name, claim, (&id, &change.id)).await? {
            return Ok(Contest::Again);
        }
        // Only now: had it come free before the note, nobody would have looked at it.
        let known = self.directory.find(&self.connection.name, &mapping.name, &id).await?;
        let is_free = known.is_none_or(|Known { current, .. }| {
            let leaves_it = current.claim.as_ref() != Some(claim);
            // What it was judged by has not changed: a record that looks like a leaver's may be that of somebody who came
            // back under another identifier, and cannot have that one yet. Judged again, it would be the same for ever.
            let is_as_judged = Some(current.revision) == revision;
            leaves_it || !is_as_judged && gives_way(mapping, change, &current)
        });
        if is_free {
            return Ok(Contest::Again);
        }
        let identifier = change.content.as_ref().map(|content| content.identifier.clone());
        Ok(Contest::Stands(duplicate(&id, identifier)))
    }

    pub(crate) async fn supersede(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        later: &Former,
    ) -> Result<Contest, Error> {
        match self.directory.supersede(&self.lease, &self.place(mapping), sighting, later).await? {
            Written::Done => Ok(Contest::Settled(Outcome::Excluded)),
            Written::Lost | Written::Claimed => Ok(Contest::Again),
        }
    }
}

/// That somebody's identifier is one that another record has.
pub(crate) fn duplicate(holder: &str, identifier: Option<String>) -> Rejection {
    Rejection {
        reason: RejectionReason::DuplicateIdentifier,
        message: format!("The record of {holder} has this identifier already."),
        identifier,
    }
}

fn wanted(change: &Change) -> Option<&Claim> {
    change.content.as_ref()?.claim.as_ref()
}

/// Whether a record may move together with others: only once, and to nothing that another of them moves to.
fn may_join(chain: &[Change], next: &Change) -> bool {
    !chain.iter().any(|other| other.id == next.id || wanted(other) == wanted(next))
}

/// Whether somebody has another identifier by now than the claim of their record.
fn is_called_otherwise(mapping: &Mapping, decoded: &Decoded, claim: &Claim) -> bool {
    let own = decoded.as_ref().ok().and_then(|user| mapping.claim_of(user));
    own.is_some_and(|own| own != *claim)
}

/// Whether a record in this state gives its claim, or all of itself, to this change. Never one that is suspended,
/// pending or out of scope: its person is still there.
pub(crate) fn gives_up(change: &Change, current: &Current) -> bool {
    match current.standing {
        Some(Reason::Deleted | Reason::Missing) => true,
        Some(Reason::Deactivated) => change.expected.is_none() && change.standing.is_none(),
        Some(Reason::Suspended | Reason::Pending | Reason::OutOfScope) | None => false,
    }
}

/// Whether it gives its claim, at least, to this change under this mapping.
fn gives_way(mapping: &Mapping, change: &Change, current: &Current) -> bool {
    is_rehired(mapping, change) && gives_up(change, current) || current.standing.is_some_and(Reason::is_gone)
}

/// Only a new Okta id is somebody who was hired again, and by the identifier only where nothing else tells.
fn is_rehired(mapping: &Mapping, change: &Change) -> bool {
    change.expected.is_none() && mapping.rejoin.is_none()
}

fn predecessor(mapping: &Mapping, change: &Change, current: &Current, former: &Former) -> Option<Predecessor> {
    if is_adopted(&former.id) {
        // Whose identifier it has, it was waiting for.
        return Some(Predecessor::TakenOver(former.clone()));
    }
    let former = gives_way(mapping, change, current).then(|| former.clone())?;
    Some(match is_rehired(mapping, change) {
        true => Predecessor::TakenOver(former),
        false => Predecessor::LeftBehind(former),
    })
}
