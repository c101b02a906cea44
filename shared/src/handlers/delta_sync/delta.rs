//! A delta at work: its checkpoint in memory, and who was met.

use std::collections::HashSet;

use super::checkpoint::Checkpoint;
use crate::handlers::work::meeting::{MET, Meeting, Meets};
use crate::handlers::work::{AtWork, Chunk, Ledger, Seen, Sheet};
use crate::model::ObjectKind;

/// The number under which the ids of the first listed group's members are kept; those of the others lie below.
pub(super) const FIRST_LISTING: u32 = u32::MAX;

/// A delta at work.
pub(crate) type Delta = AtWork<Work>;

/// What changes while it works, and what it found when it began.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// People who were met.
    pub(crate) meeting: Meeting,
    /// Members that the unfinished listing of a group has shown.
    pub(crate) members: Seen,
    /// The ids of the groups whose members changed.
    pub(crate) changed: HashSet<String>,
    /// Known active people: while Okta shows one of them, an empty list says that nobody changed.
    pub(crate) witnesses: Vec<String>,
}

impl Sheet for Work {
    const OBJECTS: ObjectKind = ObjectKind::User;

    type Checkpoint = Checkpoint;

    fn checkpoint(&mut self) -> &mut Checkpoint {
        &mut self.checkpoint
    }

    fn ledger(checkpoint: &mut Checkpoint) -> &mut Ledger {
        &mut checkpoint.ledger
    }

    fn unsaved(&mut self) -> Vec<Chunk> {
        let Work { checkpoint, meeting, members, .. } = self;
        let listing = FIRST_LISTING - checkpoint.members.pass;
        let mut chunks = members.unsaved(listing, &mut checkpoint.members.seen_chunks);
        chunks.extend(meeting.met.unsaved(MET, &mut checkpoint.met_chunks));
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
