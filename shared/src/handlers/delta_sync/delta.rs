//! A delta at work: its checkpoint in memory, who was met, and the steps that its phases share.

use std::collections::HashSet;

use super::checkpoint::Checkpoint;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::deciding::Held;
use crate::handlers::work::{AtWork, Chunk, Ledger, Seen, Sheet};
use crate::model::{Outcome, RawObject, identify};
use crate::reconcile::{Source, hash};
use crate::sync::{Landing, Met};

/// The number under which the ids of people who were met are kept.
pub(super) const MET: u32 = 0;
/// The number under which the ids of the first listed group's members are kept; those of the others lie below.
pub(super) const FIRST_LISTING: u32 = u32::MAX;

/// A delta at work.
pub(crate) type Delta = AtWork<Work>;

/// What changes while it works, and what it found when it began.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// People who were met.
    pub(crate) met: Seen,
    /// Members that the unfinished listing of a group has shown.
    pub(crate) members: Seen,
    /// The ids of the groups whose members changed.
    pub(crate) changed: HashSet<String>,
    /// Known active people: while Okta shows one of them, an empty list says that nobody changed.
    pub(crate) witnesses: Vec<String>,
    /// Whether an earlier invocation may have collected what the checkpoint does not know of.
    pub(crate) taken_up: bool,
    /// Who waits in the connection's open hold, if it has one.
    pub(crate) held: Option<Held>,
}

impl Sheet for Work {
    type Checkpoint = Checkpoint;

    fn checkpoint(&mut self) -> &mut Checkpoint {
        &mut self.checkpoint
    }

    fn ledger(checkpoint: &mut Checkpoint) -> &mut Ledger {
        &mut checkpoint.ledger
    }

    fn unsaved(&mut self) -> Vec<Chunk> {
        let Work { checkpoint, met, members, .. } = self;
        let listing = FIRST_LISTING - checkpoint.members.pass;
        let mut chunks = members.unsaved(listing, &mut checkpoint.members.seen_chunks);
        chunks.extend(met.unsaved(MET, &mut checkpoint.met_chunks));
        chunks
    }

    fn has_met(&self, id: &str) -> bool {
        self.met.ids.contains(id)
    }
}

impl Delta {
    /// Takes people through the line and counts where they end; gives where.
    pub(super) async fn take_in(&self, objects: Vec<RawObject>, source: Source) -> Result<Vec<Landing>, Interruption> {
        let (again, new): (Vec<_>, Vec<_>) = {
            let work = self.work();
            objects
                .into_iter()
                .map(|object| (identify(&object).id, object))
                .partition(|(id, _)| work.met.ids.contains(id))
        };
        let mut landings = Vec::new();
        for (people, met) in [(new, Met::First), (again, Met::Again)] {
            let (ids, objects): (Vec<String>, Vec<RawObject>) = people.into_iter().unzip();
            let landed = Box::pin(self.line.page(&objects, source, met)).await?;
            self.count(&landed, met).await?;
            let mut work = self.work();
            let before = work.met.ids.len();
            ids.iter().for_each(|id| work.met.insert(id));
            let people = work.met.ids.len() - before;
            work.checkpoint.ledger.people += people as u64;
            drop(work);
            landings.extend(landed);
        }
        Ok(landings)
    }

    /// Counts where people ended: of those whose deactivation was collected only the entry changes, and they are counted
    /// by it at the end.
    async fn count(&self, landings: &[Landing], met: Met) -> Result<(), Interruption> {
        let may_be_collected = met == Met::Again || self.work().taken_up;
        for landing in landings {
            self.refute(landing).await?;
            if may_be_collected && self.withdraw(landing).await? {
                continue;
            }
            self.ledger(|ledger| match met {
                Met::First => ledger.count(std::slice::from_ref(landing)),
                Met::Again => ledger.count_again(landing),
            });
        }
        Ok(())
    }

    /// Drops somebody from the hold whose deactivation Okta no longer bears out. Of whom nothing could be told, they wait.
    async fn refute(&self, landing: &Landing) -> Result<(), Interruption> {
        let is_told = !matches!(landing.outcome, None | Some(Outcome::Stale | Outcome::Unsynced));
        let mapping = &self.line.connection.mappings[landing.mapping].name;
        let entry = hash((mapping, &landing.id));
        let waits = self.work().held.as_ref().is_some_and(|held| held.contains(&entry));
        if is_told && waits {
            self.line.directory.remove_held(&self.line.lease, mapping, &landing.id).await?;
            self.work().held.as_mut().map(|held| held.remove(&entry));
        }
        Ok(())
    }
}
