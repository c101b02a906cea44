//! What every job's checkpoint has: the counts of its objects, and how far its deactivations are.

use serde::{Deserialize, Serialize};

use super::lags::Lags;
use crate::directory::CompleteImport;
use crate::model::{Connection, Outcome, Time};
use crate::reconcile::guard::Decision;
use crate::report::{Counts, DynamoDbUse, OktaUse};
use crate::sync::Landing;

/// The part of a checkpoint that all jobs which read people share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// By mapping, in the connection's order.
    pub tallies: Vec<Tally>,
    /// People taken in.
    pub people: u64,
    /// How many people are expected.
    pub expected: Option<u64>,
    /// Whether a deactivation was collected.
    pub deactivations: bool,
    /// Okta's clock when everybody had been read.
    pub closed: Option<Time>,
    /// The guard's decisions, by mapping.
    pub decisions: Vec<Decision>,
    /// The next shard of collected deactivations to carry out or hold.
    pub applied: u64,
    /// Whether it could not be settled, when a deactivation was to be carried out, if it still stands: Okta did not say, or
    /// others wrote the record again and again. Then it was not, and what follows has to look at these people again: the run
    /// moves no watermark.
    #[serde(default)]
    pub undecided: bool,
    /// Whether nobody could tell something of somebody whom an earlier invocation met.
    #[serde(default)]
    pub untold: bool,
    /// From events of Okta's log to the inactive records.
    #[serde(default)]
    pub lags: Lags,
    /// What earlier invocations asked of Okta.
    pub okta: OktaUse,
    /// What earlier invocations used of DynamoDB.
    pub dynamodb: DynamoDbUse,
}

/// What a mapping's objects came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The buckets.
    pub counts: Counts,
    /// Records swept that Okta should still show.
    pub known: u64,
    /// Active records among them.
    pub active: u64,
    /// Absences that nothing explains.
    pub unexplained: u64,
}

impl Ledger {
    /// That of a run at its beginning.
    pub(crate) fn new(mappings: usize) -> Ledger {
        Ledger { tallies: vec![Tally::default(); mappings], ..Ledger::default() }
    }

    /// Takes from the last complete import how many records are active: for a run that sweeps nobody.
    pub(crate) fn take_active(&mut self, connection: &Connection, import: Option<&CompleteImport>) {
        for (mapping, tally) in connection.mappings.iter().zip(&mut self.tallies) {
            tally.active = import.and_then(|import| import.active.get(&mapping.name)).copied().unwrap_or(0);
        }
    }

    /// Whether anybody's deactivation joined the hold.
    pub(crate) fn any_held(&self) -> bool {
        self.tallies.iter().any(|tally| tally.counts.held > 0)
    }

    /// Counts objects that this run has not met before.
    pub(crate) fn count(&mut self, landings: &[Landing]) {
        for landing in landings {
            match landing.outcome {
                Some(outcome) => self.tallies[landing.mapping].counts.add(outcome),
                None => self.deactivations = true,
            }
        }
    }

    /// Counts an object whose deactivation was collected: under the bucket it ended in, and no longer under the one it
    /// was counted in before, if it was.
    pub(crate) fn count_collected(&mut self, mapping: usize, id: &str, (outcome, counted): (Outcome, Option<Outcome>)) {
        let before = counted.unwrap_or(Outcome::Unchanged);
        let landing = Landing { mapping, id: id.to_owned(), outcome: Some(outcome), before };
        match counted {
            Some(_) => self.count_again(&landing),
            None => self.count(&[landing]),
        }
    }

    /// Counts an object that this run has met before: it moves from one bucket to another.
    pub(crate) fn count_again(&mut self, landing: &Landing) {
        let counts = &mut self.tallies[landing.mapping].counts;
        if landing.outcome.is_none() {
            // It stays in its bucket until the guard has decided.
            self.deactivations = true;
            return;
        }
        // Nothing-to-write buckets leave no trace to tell them apart by: take it from one that has something to give.
        let likely = [landing.before, Outcome::Unchanged, Outcome::Excluded, Outcome::Stale, Outcome::Unsynced];
        let _ = likely.into_iter().any(|bucket| counts.take_back(bucket));
        self.count(std::slice::from_ref(landing));
    }
}
