//! The durable state that a full import resumes from: under 4 KB, whatever the org's size.
//!
//! Ids never stand in it. Those seen in an unfinished slice, those that wait as suspects and the collected deactivations
//! are items of their own, of which the checkpoint knows how many or how far.

use serde::{Deserialize, Serialize};

use crate::handlers::work::{Ledger, Listing};
use crate::model::Time;
use crate::reconcile::Slice;

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
    pub members: Listing,
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
    /// Whether the group Everyone was in sight at the beginning.
    pub sees_everyone: bool,
    /// How many people the group Everyone had at the beginning, where Okta said.
    pub everyone: Option<u64>,
    /// How many items hold the ids of people created just before the run or during it.
    pub recent_chunks: u32,
    /// Where the closing delta goes on.
    pub closing: Option<String>,
    /// Whether a known person was out of sight.
    pub suspects: bool,
    /// The next shard of suspects.
    pub shard: u64,
    /// The last id in it that is done.
    pub done_to: Option<String>,
    /// Whether the run carries out a plan, and so is no import that could be resumed.
    #[serde(default)]
    pub planned: bool,
    /// The counts, and how far the deactivations are.
    pub ledger: Ledger,
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

impl Checkpoint {
    /// A run at its beginning: one slice, open at both ends.
    pub(crate) fn new(t0: Time, mappings_digest: String, mappings: usize) -> Checkpoint {
        Checkpoint {
            t0,
            mappings_digest,
            phase: Phase::Groups,
            members: Listing::default(),
            slices: vec![Slice::new(0, None, None)],
            next_number: 1,
            pages: 0,
            splits: 0,
            cuts_refused: false,
            sees_everyone: false,
            everyone: None,
            recent_chunks: 0,
            closing: None,
            suspects: false,
            shard: 0,
            done_to: None,
            planned: false,
            ledger: Ledger::new(mappings),
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
}
