//! The durable state that a full import resumes from: under 4 KB, whatever the org's size.
//!
//! Ids never stand in it. Those seen in an unfinished slice, those that wait as suspects and the collected deactivations
//! are items of their own, of which the checkpoint knows how many or how far.

use serde::{Deserialize, Serialize};

use crate::model::{Outcome, Time};
use crate::reconcile::Slice;
use crate::reconcile::guard::Decision;
use crate::report::{Counts, DynamoDbUse, OktaUse};
use crate::sync::Landing;

/// A full import's checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// Okta's clock when the run began.
    pub t0: Time,
    /// The mappings that the run began with; a run does not go on under others.
    pub mappings_digest: String,
    /// How far the run is.
    pub phase: Phase,
    /// Where the lists of members stand.
    #[serde(default)]
    pub members: Members,
    /// The slices that are not finished.
    pub slices: Vec<Slice>,
    /// The number of the next slice.
    pub next_number: u32,
    /// Pages of people taken in.
    pub pages: u64,
    /// How often slices were split.
    pub splits: u64,
    /// Whether Okta refused to cut a crowded second by id.
    #[serde(default)]
    pub cuts_refused: bool,
    /// People taken in.
    pub people: u64,
    /// How many people are expected.
    pub expected: Option<u64>,
    /// Whether the group Everyone was in sight at the beginning.
    pub sees_everyone: bool,
    /// How many people the group Everyone had at the beginning, where Okta said.
    pub everyone: Option<u64>,
    /// By mapping, in the connection's order.
    pub tallies: Vec<Tally>,
    /// How many items hold the ids of people created just before the run or during it.
    pub recent_chunks: u32,
    /// Where the closing delta goes on.
    pub closing: Option<String>,
    /// Whether a known person was out of sight.
    pub suspects: bool,
    /// Whether a deactivation was collected.
    pub deactivations: bool,
    /// The next shard of suspects or deactivations.
    pub shard: u64,
    /// The last id in it that is done.
    pub done_to: Option<String>,
    /// Okta's clock at the end of the closing delta.
    pub closed: Option<Time>,
    /// The guard's decisions, by mapping.
    pub decisions: Vec<Decision>,
    /// Whether the run carries out a plan, and so is no import that could be resumed.
    #[serde(default)]
    pub planned: bool,
    /// What earlier invocations asked of Okta.
    pub okta: OktaUse,
    /// What earlier invocations used of DynamoDB.
    pub dynamodb: DynamoDbUse,
}

/// The phases of a full import, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The members of the mapped groups are listed.
    Groups,
    /// Slices are read and swept.
    Reading,
    /// What changed since T0 is read once more.
    Closing,
    /// Suspects and the log's deletions are confirmed one by one.
    Absences,
    /// The guard decides.
    Deciding,
    /// Deactivations are carried out or held.
    Applying,
    /// Everything is in the directory.
    Finished,
}

/// Where the lists of members of the mapped groups stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Members {
    /// The listing that is not finished, by its place in the order.
    pub pass: u32,
    /// Where its next page is.
    pub cursor: Option<String>,
    /// Okta's clock on its first page.
    pub at: Option<Time>,
    /// How many items hold the ids that it has shown.
    pub seen_chunks: u32,
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

impl Checkpoint {
    /// A run at its beginning: one slice, open at both ends.
    pub(crate) fn new(t0: Time, mappings_digest: String, mappings: usize) -> Checkpoint {
        Checkpoint {
            t0,
            mappings_digest,
            phase: Phase::Groups,
            members: Members::default(),
            slices: vec![Slice::new(0, None, None)],
            next_number: 1,
            pages: 0,
            splits: 0,
            cuts_refused: false,
            people: 0,
            expected: None,
            sees_everyone: false,
            everyone: None,
            tallies: vec![Tally::default(); mappings],
            recent_chunks: 0,
            closing: None,
            suspects: false,
            deactivations: false,
            shard: 0,
            done_to: None,
            closed: None,
            decisions: Vec::new(),
            planned: false,
            okta: OktaUse::default(),
            dynamodb: DynamoDbUse::default(),
        }
    }

    /// An unfinished slice.
    pub(crate) fn slice(&self, number: u32) -> Option<&Slice> {
        self.slices.iter().find(|slice| slice.number == number)
    }

    /// An unfinished slice, to move it.
    pub(crate) fn slice_mut(&mut self, number: u32) -> Option<&mut Slice> {
        self.slices.iter_mut().find(|slice| slice.number == number)
    }

    /// Goes on to a phase, from its beginning.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        (self.shard, self.done_to) = (0, None);
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
