//! A full import at work: its checkpoint in memory, and what was seen but is not yet swept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Notify;

use super::checkpoint::Checkpoint;
use super::members::{met_in, reload};
use crate::config::Tuning;
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::work::{AtWork, Chunk, Ledger, Seen, Sheet};
use crate::line::Line;
use crate::model::{ObjectKind, RawObject};
use crate::reconcile::Source;
use crate::report::RunReport;
use crate::sync::{Landing, Met};

/// The number under which the ids of people created around the run's beginning are kept, beside the slices' numbers.
const RECENT: u32 = u32::MAX;
/// The number under which the ids of the first listed group's members are kept; those of the others lie below.
const FIRST_LISTING: u32 = u32::MAX - 1;

/// A full import at work.
pub(crate) type Import = AtWork<Work>;

/// What changes while it works.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// Slices that a reader has taken.
    pub(crate) taken: HashSet<u32>,
    /// What was seen in each unfinished slice.
    pub(crate) seen: HashMap<u32, Seen>,
    /// People created around the run's beginning or later who were met.
    pub(crate) recent: Seen,
    /// Members that the unfinished listing of a group has shown.
    pub(crate) members: Seen,
    /// Told whenever a page of a slice was taken in.
    pub(crate) advanced: Arc<Notify>,
    /// A reader failed: the others stop at their next page.
    pub(crate) failed: bool,
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
        let Work { checkpoint, seen, recent, members, .. } = self;
        let mut chunks = Vec::new();
        for slice in &mut checkpoint.slices {
            if let Some(seen) = seen.get_mut(&slice.number) {
                chunks.extend(seen.unsaved(slice.number, &mut slice.seen_chunks));
            }
        }
        let number = listing(checkpoint.members.pass);
        chunks.extend(members.unsaved(number, &mut checkpoint.members.seen_chunks));
        chunks.extend(recent.unsaved(RECENT, &mut checkpoint.recent_chunks));
        chunks
    }

    /// An import has met everybody by the time that anybody asks.
    fn has_met(&self, _: &str) -> bool {
        true
    }
}

impl Import {
    /// Takes up the work where the checkpoint stands; reads what was seen before.
    pub(crate) async fn new(
        line: Line,
        checkpoint: Checkpoint,
        report: RunReport,
        limits: (Tuning, Option<Stops>),
    ) -> Result<Import, Interruption> {
        let mut seen = HashMap::new();
        for slice in &checkpoint.slices {
            let ids = line.directory.seen(line.lease.run(), slice.number, slice.seen_chunks).await?;
            seen.insert(slice.number, Seen::resumed(ids));
        }
        let recent = line.directory.seen(line.lease.run(), RECENT, checkpoint.recent_chunks).await?;
        let members = &checkpoint.members;
        let members = line.directory.seen(line.lease.run(), listing(members.pass), members.seen_chunks).await?;
        let work = Work {
            checkpoint,
            taken: HashSet::new(),
            seen,
            recent: Seen::resumed(recent),
            members: Seen::resumed(members),
            advanced: Arc::default(),
            failed: false,
        };
        let import = AtWork::on(line, work, report, limits);
        reload(&import).await?;
        Ok(import)
    }

    /// Takes people through the line who were counted before, and says whose count moves: of those whose deactivation
    /// was collected only the entry does, and they are counted by it at the end.
    pub(crate) async fn meet_again(&self, objects: &[RawObject]) -> Result<Vec<Landing>, Interruption> {
        let wanted = |mapping: usize, id: &str| !self.by_group || met_in(self, mapping, id).is_some();
        let mut moved = Vec::new();
        for landing in self.line.page_where((ObjectKind::User, objects), (Source::Listed, Met::Again), wanted).await? {
            if !self.withdraw(&landing).await? {
                moved.push(landing);
            }
        }
        Ok(moved)
    }
}

/// The number under which a listing's ids are kept.
fn listing(pass: u32) -> u32 {
    FIRST_LISTING - pass
}
