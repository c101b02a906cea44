//! Objects as they are met: taken through the line, and counted once however often a run meets them.

use super::deciding::apply_collected;
use super::holding::{Held, held};
use super::{AtWork, Seen, Sheet};
use crate::handlers::interruption::Interruption;
use crate::handlers::run::Run;
use crate::line::Line;
use crate::model::{Outcome, RawObject, identify};
use crate::reconcile::{Source, hash};
use crate::report::RunState;
use crate::sync::{Landing, Met};

/// The number under which the ids of what was met are kept.
pub(crate) const MET: u32 = 0;

/// What a job keeps of what it meets.
pub(crate) struct Meeting {
    /// What was met.
    pub(crate) met: Seen,
    /// Whether an earlier invocation may have collected what the checkpoint does not know of.
    pub(crate) taken_up: bool,
    /// Who waits in the connection's open hold, if it has one.
    pub(crate) held: Option<Held>,
}

impl Meeting {
    /// What earlier invocations of a run have met, so many items of it.
    pub(crate) async fn resumed(run: &Run, line: &Line, chunks: u32) -> Result<Meeting, Interruption> {
        let met = line.directory.seen(line.lease.run(), MET, chunks).await?;
        Ok(Meeting { met: Seen::resumed(met), taken_up: run.taken_up, held: None })
    }
}

/// A sheet of a job that meets objects as they come, and not in slices of all there are.
pub(crate) trait Meets: Sheet {
    /// What it has met.
    fn meeting(&mut self) -> &mut Meeting;
}

impl<S: Meets> AtWork<S> {
    /// Notes what waits in the connection's open hold, if it has one.
    pub(crate) async fn recall_held(&self) -> Result<(), Interruption> {
        let line = &self.line;
        if line.directory.hold(&line.connection.name).await?.is_some() {
            let held = held(self).await?;
            self.work().meeting().held = Some(held);
        }
        Ok(())
    }

    /// Takes objects through the line and counts where they end; gives where.
    pub(crate) async fn take_in(&self, objects: Vec<RawObject>, source: Source) -> Result<Vec<Landing>, Interruption> {
        let (again, new): (Vec<_>, Vec<_>) = {
            let mut work = self.work();
            let met = &work.meeting().met.ids;
            objects.into_iter().map(|object| (identify(&object).id, object)).partition(|(id, _)| met.contains(id))
        };
        let mut landings = Vec::new();
        for (some, met) in [(new, Met::First), (again, Met::Again)] {
            let (ids, objects): (Vec<String>, Vec<RawObject>) = some.into_iter().unzip();
            let landed = Box::pin(self.line.page((S::OBJECTS, &objects), source, met)).await?;
            self.count(&landed, met).await?;
            self.note_met(&ids);
            landings.extend(landed);
        }
        Ok(landings)
    }

    /// Notes what was met.
    pub(crate) fn note_met(&self, ids: &[String]) {
        let people = {
            let mut work = self.work();
            let met = &mut work.meeting().met;
            let before = met.ids.len();
            ids.iter().for_each(|id| met.insert(id));
            met.ids.len() - before
        };
        self.ledger(|ledger| ledger.people += people as u64);
    }

    /// Counts where objects ended: of those whose deactivation was collected only the entry changes, and they are counted
    /// by it at the end.
    pub(crate) async fn count(&self, landings: &[Landing], met: Met) -> Result<(), Interruption> {
        let may_be_collected = met == Met::Again || self.work().meeting().taken_up;
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
        let waits = self.work().meeting().held.as_ref().is_some_and(|held| held.contains(&entry));
        if is_told && waits {
            self.line.directory.remove_held(&self.line.lease, mapping, &landing.id).await?;
            self.work().meeting().held.as_mut().map(|held| held.remove(&entry));
        }
        Ok(())
    }
}

/// Carries out what the guard allowed and holds the rest. The hold is closed when this run found that Okta bears out
/// nothing of it any more; of those in it whom it did not meet, such a run knows nothing.
pub(crate) async fn apply(job: &AtWork<impl Meets>) -> Result<RunState, Interruption> {
    let ending = apply_collected(job).await?;
    let is_refuted = job.work().meeting().held.as_ref().is_some_and(Held::is_empty);
    if ending == RunState::Succeeded && is_refuted {
        job.line.directory.close_hold(&job.line.lease).await?;
    }
    Ok(ending)
}
