//! The durable state that a service-discovery resumes from, and what it keeps in memory. Ids of people never stand in the
//! checkpoint.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::people::Roll;
use crate::directory::{Collection, ConnectionState};
use crate::handlers::work::collecting::{Collects, Looked};
use crate::handlers::work::meeting::{MET, Meeting, Meets};
use crate::handlers::work::{AtWork, Chunk, Ledger, Sheet};
use crate::model::{ObjectKind, Time};

/// A service-discovery's checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The mappings that the run began with; a run does not go on under others.
    pub mappings_digest: String,
    /// A digest of what all applications depend on beside themselves.
    pub background: String,
    /// How far the run is.
    pub phase: Phase,
    /// Okta's clock on the first page of the list.
    pub asked: Option<Time>,
    /// The page of the list that is being worked on; the first one if there is none.
    pub cursor: Option<String>,
    /// Whether the list showed any of Okta's own applications.
    pub own: bool,
    /// The list of an application's people that is not finished.
    pub listing: PeopleListing,
    /// How many items hold the ids of applications that were met.
    pub met_chunks: u32,
    /// The last application whose absence was confirmed.
    pub done_to: Option<String>,
    /// The counts, and how far the deactivations are.
    pub ledger: Ledger,
}

/// Where the list of an application's people stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeopleListing {
    /// How many lists the run has finished: the items of each have a number of their own.
    pub number: u32,
    /// The application; `None` when its list is still to be begun.
    pub app: Option<String>,
    /// Okta's clock on its first page.
    pub at: Option<Time>,
    /// Where its next page is; `None` at its end.
    pub cursor: Option<String>,
    /// How many items hold the people that it has shown.
    pub chunks: u32,
    /// Rows that could not be read.
    pub unreadable: u64,
}

impl PeopleListing {
    /// The number under which the items of this list are kept, beside that of the applications that were met.
    pub(crate) fn list(&self) -> u32 {
        MET + 1 + self.number
    }
}

/// The phases of a service-discovery, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The log's sign-ons are read.
    Following,
    /// Applications are listed, and the people of each.
    Reading,
    /// Applications that the list did not show are confirmed one by one.
    Absences,
    /// The guard decides.
    Deciding,
    /// Deactivations are carried out or held; then what need not be kept any more is forgotten.
    Applying,
    /// Everything is in the directory.
    Finished,
}

/// A service-discovery at work.
pub(crate) type Discovering = AtWork<Work>;

/// What changes while it works, and what it found when it began.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// Applications that were met.
    pub(crate) meeting: Meeting,
    /// The people of the application whose list is not finished.
    pub(crate) roll: Roll,
    /// Those of the list that are no services, as far as this invocation has read it.
    pub(crate) left_out: HashSet<String>,
}

impl Sheet for Work {
    const OBJECTS: ObjectKind = ObjectKind::App;

    type Checkpoint = Checkpoint;

    fn checkpoint(&mut self) -> &mut Checkpoint {
        &mut self.checkpoint
    }

    fn ledger(checkpoint: &mut Checkpoint) -> &mut Ledger {
        &mut checkpoint.ledger
    }

    fn unsaved(&mut self) -> Vec<Chunk> {
        let mut chunks = self.meeting.met.unsaved(MET, &mut self.checkpoint.met_chunks);
        let list = self.checkpoint.listing.list();
        chunks.extend(self.roll.unsaved(list, &mut self.checkpoint.listing.chunks));
        chunks
    }

    fn has_met(&self, id: &str) -> bool {
        self.meeting.met.ids.contains(id)
    }
}

impl Meets for Work {
    fn meeting(&mut self) -> &mut Meeting {
        &mut self.meeting
    }
}

impl Collects for Work {
    fn done_to(&mut self) -> &mut Option<String> {
        &mut self.checkpoint.done_to
    }

    fn looked(&mut self) -> Looked {
        Looked { all: true, asked: self.checkpoint.asked, background: self.checkpoint.background.clone() }
    }

    fn collected(state: &ConnectionState) -> Option<&Collection> {
        state.apps.as_ref()
    }

    fn collection(state: &mut ConnectionState) -> &mut Option<Collection> {
        &mut state.apps
    }
}
