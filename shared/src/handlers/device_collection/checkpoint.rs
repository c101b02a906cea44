//! The durable state that a device-collection resumes from, and what it keeps in memory. Ids never stand in the
//! checkpoint, but for the last that was confirmed.

use serde::{Deserialize, Serialize};

use crate::directory::{Collection, ConnectionState};
use crate::handlers::work::collecting::{Collects, Looked};
use crate::handlers::work::meeting::{MET, Meeting, Meets};
use crate::handlers::work::{AtWork, Chunk, Ledger, Sheet};
use crate::model::{ObjectKind, Time};

/// A device-collection's checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The mappings that the run began with; a run does not go on under others.
    pub mappings_digest: String,
    /// A digest of what all devices depend on beside themselves.
    pub background: String,
    /// Whether all devices are looked at.
    pub all: bool,
    /// Else those that changed since.
    pub since: Time,
    /// How far the run is.
    pub phase: Phase,
    /// Okta's clock on the first page that the run asked for: whatever is later, it may have missed.
    pub asked: Option<Time>,
    /// Where the list goes on.
    pub cursor: Option<String>,
    /// How many items hold the ids of devices that were met.
    pub met_chunks: u32,
    /// Whether the list showed a device that is known to be there.
    pub shown: bool,
    /// The last device whose absence was confirmed, or that the log hinted at and that was looked at.
    pub done_to: Option<String>,
    /// The counts, and how far the deactivations are.
    pub ledger: Ledger,
}

/// The phases of a device-collection, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Devices are listed.
    Reading,
    /// What the log hints at is looked at.
    Hints,
    /// Devices that a complete list did not show are confirmed one by one.
    Absences,
    /// The guard decides.
    Deciding,
    /// Deactivations are carried out or held.
    Applying,
    /// Everything is in the directory.
    Finished,
}

impl Checkpoint {
    /// Gives up looking at what changed, and looks at all from the beginning. Whatever was met so far stays met.
    pub(crate) fn look_at_all(&mut self) {
        self.all = true;
        (self.cursor, self.done_to) = (None, None);
    }
}

/// A device-collection at work.
pub(crate) type Collecting = AtWork<Work>;

/// What changes while it works, and what it found when it began.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// Devices that were met.
    pub(crate) meeting: Meeting,
    /// Known active devices: while Okta shows one of them, an empty list says that nothing changed.
    pub(crate) witnesses: Vec<String>,
}

impl Sheet for Work {
    const OBJECTS: ObjectKind = ObjectKind::Device;

    type Checkpoint = Checkpoint;

    fn checkpoint(&mut self) -> &mut Checkpoint {
        &mut self.checkpoint
    }

    fn ledger(checkpoint: &mut Checkpoint) -> &mut Ledger {
        &mut checkpoint.ledger
    }

    fn unsaved(&mut self) -> Vec<Chunk> {
        self.meeting.met.unsaved(MET, &mut self.checkpoint.met_chunks)
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
        let Checkpoint { all, asked, background, .. } = &self.checkpoint;
        Looked { all: *all, asked: *asked, background: background.clone() }
    }

    fn collected(state: &ConnectionState) -> Option<&Collection> {
        state.devices.as_ref()
    }

    fn collection(state: &mut ConnectionState) -> &mut Option<Collection> {
        &mut state.devices
    }
}
