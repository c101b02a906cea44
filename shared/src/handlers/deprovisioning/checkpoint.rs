//! The durable state that a run resumes from, and what it keeps in memory beside it.

use serde::{Deserialize, Serialize};

use crate::directory::LogPosition;
use crate::handlers::work::meeting::{MET, Meeting, Meets};
use crate::handlers::work::{AtWork, Chunk, Ledger, Sheet};
use crate::model::{Hint, ObjectKind, Time};
use crate::okta::PageRequest;

/// A run at work.
pub(crate) type Deprovisioning = AtWork<Work>;

/// A run's checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The mappings that the run began with; a run does not go on under others.
    pub mappings_digest: String,
    /// How far the run is.
    pub phase: Phase,
    /// Where the log goes on.
    pub next: Option<String>,
    /// What the log was asked, as in [`LogPosition::question`]: its links go on with that.
    #[serde(default)]
    pub question: u64,
    /// Okta's clock on the last page.
    pub looked: Option<Time>,
    /// How far the page is that the log goes on at.
    pub page: Progress,
    /// How many items hold the ids of people who were met.
    pub met_chunks: u32,
    /// Whether a mapped group may be gone.
    pub group_gone: bool,
    /// Whether a directory's import has ended, which may have moved many at once.
    pub import_ended: bool,
    /// The counts, and how far the deactivations are.
    pub ledger: Ledger,
}

/// How far a page of the log is looked at: some of its hints at a time. Asked for again it begins with the same events, and
/// may have more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Which page it is, as a hash of the request.
    pub of: u64,
    /// So many hints are done with.
    pub from: usize,
    /// Up to here they are being looked at; none are where it is no larger.
    pub to: usize,
    /// The last person of those who is done with, in the order of ids.
    pub done_to: Option<String>,
}

/// The phases of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The log is read to its end, and what it hints at is looked at.
    Following,
    /// The guard decides.
    Deciding,
    /// Deactivations are carried out or held.
    Applying,
    /// What follows from the records of people is counted: the place in the log is stored already.
    Deriving,
}

impl Checkpoint {
    /// A run at its beginning.
    pub(crate) fn new(mappings_digest: String, ledger: Ledger) -> Checkpoint {
        Checkpoint {
            mappings_digest,
            phase: Phase::Following,
            next: None,
            question: 0,
            looked: None,
            page: Progress::default(),
            met_chunks: 0,
            group_gone: false,
            import_ended: false,
            ledger,
        }
    }
}

/// What changes while a run works, and what it found when it began.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// People who were met.
    pub(crate) meeting: Meeting,
    /// How far the log was followed before, and its latest events.
    pub(crate) position: LogPosition,
    /// What the log is asked.
    pub(crate) question: PageRequest,
    /// Hints that an event hook brought.
    pub(crate) hooked: Vec<Hint>,
    /// Known active people.
    pub(crate) witnesses: Vec<String>,
    /// Whether the stored listings of groups are those that the mappings name.
    pub(crate) knows_groups: bool,
}

impl Work {
    /// Where the log goes on after what the run has read. A link goes on with the question that it came of: one of other
    /// groups than today's is none.
    pub(super) fn next(&self) -> Option<String> {
        self.checkpoint.next.clone().filter(|_| self.checkpoint.question == self.position.question)
    }
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
