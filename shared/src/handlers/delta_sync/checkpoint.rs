//! The durable state that a delta resumes from. Ids never stand in it, but for the last leaver confirmed.

use serde::{Deserialize, Serialize};

use crate::handlers::work::{Ledger, Listing};
use crate::model::Time;

/// A delta's checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The watermark that the run began from.
    pub since: Time,
    /// The mappings that the run began with; a run does not go on under others.
    pub mappings_digest: String,
    /// How far the run is.
    pub phase: Phase,
    /// Okta's clock on the first page that the run asked for: whatever is later, it may have missed.
    pub asked: Option<Time>,
    /// Where the lists of members stand.
    pub members: Listing,
    /// The last of the group's leavers who was confirmed.
    pub confirmed_to: Option<String>,
    /// Where the list of changed people goes on.
    pub users: Option<String>,
    /// How many items hold the ids of people who were met.
    pub met_chunks: u32,
    /// What the list of changed people has shown so far.
    pub shown: Shown,
    /// Whether something could not be told, so that the next run has to look at it again.
    pub untold: bool,
    /// The counts, and how far the deactivations are.
    pub ledger: Ledger,
}

/// The phases of a delta, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Mapped groups whose members changed are listed.
    Groups,
    /// People who changed are read.
    Changes,
    /// The guard decides.
    Deciding,
    /// Deactivations are carried out or held.
    Applying,
    /// Everything is in the directory.
    Finished,
}

/// Whom a list showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// Somebody who changed.
    pub people: bool,
    /// A witness, who is known to be there.
    pub witness: bool,
}

impl Checkpoint {
    /// A run at its beginning.
    pub(crate) fn new(since: Time, mappings_digest: String, ledger: Ledger) -> Checkpoint {
        Checkpoint {
            since,
            mappings_digest,
            phase: Phase::Groups,
            asked: None,
            members: Listing::default(),
            confirmed_to: None,
            users: None,
            met_chunks: 0,
            shown: Shown::default(),
            untold: false,
            ledger,
        }
    }
}
