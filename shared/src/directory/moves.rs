//! What changes of records do to claims, taken together: one write for each claim, as DynamoDB has it in a transaction.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys;
use super::transaction::Transaction;
use super::update::{Update, text};
use super::write::Place;
use crate::model::{Change, Claim, Former, Outcome, Predecessor, Reason, Time};

/// What becomes of one claim.
#[derive(Debug, Default, PartialEq)]
struct Move<'a> {
    /// The Okta id that must hold it; nobody may where it is `None`.
    from: Option<&'a str>,
    /// Who holds it then, with the time of creation.
    to: Option<(&'a str, Time)>,
}

/// What changes do to claims.
#[derive(Debug, Default)]
pub(super) struct Moves<'a> {
    moves: BTreeMap<&'a Claim, Move<'a>>,
    /// What records are known by from now on, and what they are no longer.
    known: Vec<(&'a Claim, &'a str, Time)>,
    unknown: Vec<(&'a Claim, &'a str)>,
    /// Claims that stay where they are and may be had all the same: their record stands for somebody who left.
    offered: Vec<&'a Claim>,
}

impl<'a> Moves<'a> {
    pub(super) fn of(changes: &'a [Change]) -> Moves<'a> {
        let mut moves = Moves::default();
        changes.iter().for_each(|change| moves.add(change));
        moves
    }

    fn add(&mut self, change: &'a Change) {
        self.add_rejoin(change);
        let held = change.held_claim.as_ref();
        let left = matches!(change.standing, Some(Reason::Deleted | Reason::Missing | Reason::Deactivated));
        // Who becomes inactive and is not mapped any more may be called something else by now; and only what Okta says of
        // an inactive record's person may be taken from it.
        let may_be_had = left || change.content.is_none() && change.outcome == Outcome::Deactivated;
        let wanted = match &change.content {
            Some(content) => content.claim.as_ref(),
            None => held,
        };
        if wanted == held {
            // What a leaver holds may be had by whoever is hired again.
            self.offered.extend(held.filter(|_| may_be_had));
            return;
        }
        if let Some(held) = held {
            self.moves.entry(held).or_default().from = Some(&change.id);
        }
        if let Some(wanted) = wanted {
            // Whoever waited for it while somebody else held it may have it of a leaver.
            self.offered.extend(left.then_some(wanted));
            let to = self.moves.entry(wanted).or_default();
            to.to = Some((&change.id, change.source_created));
            match &change.predecessor {
                // Whoever was known by the rejoin had another identifier, which comes free.
                Some(Predecessor::TakenOver(Former { id, claim, .. })) if claim.as_ref() != Some(wanted) => {
                    claim.iter().for_each(|claim| self.moves.entry(claim).or_default().from = Some(id));
                }
                Some(predecessor) => to.from = Some(predecessor.id()),
                None => {}
            }
        }
    }

    fn add_rejoin(&mut self, change: &'a Change) {
        if let Some(Predecessor::TakenOver(Former { id, rejoin, .. })) = &change.predecessor {
            self.unknown.extend(rejoin.as_ref().map(|rejoin| (rejoin, id.as_str())));
        }
        let (held, wanted) = (&change.held_rejoin, change.content.as_ref().map(|content| &content.rejoin));
        if let Some(wanted) = wanted.filter(|wanted| *wanted != held) {
            self.unknown.extend(held.as_ref().map(|held| (held, change.id.as_str())));
            self.known.extend(wanted.as_ref().map(|wanted| (wanted, change.id.as_str(), change.source_created)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        [self.moves.len(), self.offered.len(), self.known.len(), self.unknown.len()].iter().all(|count| *count == 0)
    }

    /// Adds the writes to a transaction, each on the condition that the claim is where it has to be.
    pub(super) fn write(&self, mut transaction: Transaction, place: &Place, now: Time) -> Transaction {
        for (claim, Move { from, to }) in &self.moves {
            let key = keys::claim(&place.connection, &place.mapping, claim);
            let update = match to {
                Some((id, created)) => Update::new().set("id", text(id)).set("source_created", text(created)),
                None => Update::new().remove("id").remove("source_created"),
            };
            let update = match (from, to) {
                (Some(from), _) => update.if_compares("id", "=", text(from)),
                (None, Some((id, _))) => update.if_absent_or([("id", "=", text(id))]),
                (None, None) => update,
            };
            transaction = transaction.update(key, update);
        }
        for (rejoin, id) in &self.unknown {
            let key = keys::rejoin(&place.connection, &place.mapping, rejoin, id);
            transaction = transaction.delete(key, Update::new());
        }
        for (rejoin, id, created) in &self.known {
            let key = keys::rejoin(&place.connection, &place.mapping, rejoin, id);
            let item = [("id", (*id).to_owned()), ("source_created", created.to_string())];
            transaction = transaction.put(key, item.map(|(name, value)| (name.to_owned(), text(value))).into());
        }
        let freed = self.moves.iter().filter(|(_, other)| other.to.is_none()).map(|(claim, _)| *claim);
        freed.chain(self.offered.iter().copied()).fold(transaction, |transaction, claim| {
            transaction.put(keys::wake(&place.connection, &place.mapping, claim), wake(&place.mapping, claim, now))
        })
    }
}

fn wake(mapping: &str, claim: &Claim, now: Time) -> HashMap<String, AttributeValue> {
    let at = format!("{now}#{:016x}", fastrand::u64(..));
    [("mapping", mapping), ("claim", claim.as_str()), ("at", &at)]
        .map(|(name, value)| (name.to_owned(), text(value)))
        .into()
}
