//! Collecting: what the jobs have in common that list objects which are no people, and write down how far they came.

use std::collections::BTreeMap;

use super::meeting::Meets;
use super::{AtWork, Sheet};
use crate::directory::{Collection, ConnectionState};
use crate::handlers::interruption::Interruption;
use crate::model::Time;
use crate::reconcile::OLD_ENOUGH_TO_BE_LISTED;
use crate::report::RunState;

/// A sheet of a job that lists all objects of a kind, or those of them that changed.
pub(crate) trait Collects: Meets {
    /// The last object whose absence was confirmed.
    fn done_to(&mut self) -> &mut Option<String>;

    /// What it looked at so far.
    fn looked(&mut self) -> Looked;

    /// How far runs before came.
    fn collected(state: &ConnectionState) -> Option<&Collection>;

    /// Where that is kept.
    fn collection(state: &mut ConnectionState) -> &mut Option<Collection>;
}

/// What a run looked at.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    /// Whether at all objects; else at those that changed.
    pub(crate) all: bool,
    /// Okta's clock on the first page that it asked for.
    pub(crate) asked: Option<Time>,
    /// A digest of what all objects depend on beside themselves.
    pub(crate) background: String,
}

/// Everything up to the time that Okta was asked at is in the directory, or in the hold: what follows starts from here. Not
/// where somebody, or something, is left to the next look.
pub(crate) async fn complete<S: Collects>(job: &AtWork<S>, ending: RunState) -> Result<(), Interruption> {
    let line = &job.line;
    line.publish().await?;
    let looked = job.work().looked();
    let Some(asked) = looked.asked.filter(|_| !job.leaves_open()) else { return Ok(()) };
    if looked.all && line.any_unsynced() {
        let started = job.report(RunState::Running).started;
        let is_of = |name: &str| line.connection.mapping(name).is_some_and(|mapping| mapping.source.reads(S::OBJECTS));
        line.directory.forget_unsynced(&line.lease, started, is_of).await?;
    }
    let any_unexplained = job.ledger(|ledger| ledger.tallies.iter().any(|tally| tally.unexplained > 0));
    let is_settled = ending != RunState::Held && !any_unexplained;
    // There is no fresher way to such objects than search, which lags.
    let watermark = asked.before(OLD_ENOUGH_TO_BE_LISTED);
    let move_on = |state: &mut ConnectionState| {
        let before = S::collection(state).take();
        *S::collection(state) = match before {
            Some(collected) if !looked.all => {
                Some(Collection { watermark: collected.watermark.max(watermark), ..collected })
            }
            before => {
                let began = state.first_asked.get(&S::OBJECTS).copied();
                Some(whole(job, (before, began, is_settled), (asked, &looked.background)))
            }
        };
    };
    line.directory.change_connection_state(Some(&line.lease), &line.connection.name, move_on).await?;
    Ok(())
}

/// What is known after a run that looked at all objects.
fn whole<S: Sheet>(
    job: &AtWork<S>,
    (before, began, is_settled): (Option<Collection>, Option<Time>, bool),
    (asked, background): (Time, &str),
) -> Collection {
    let run = job.line.lease.run();
    let (tallies, objects) = job.ledger(|ledger| (ledger.tallies.clone(), ledger.people));
    let tallies = job.line.connection.mappings.iter().zip(&tallies);
    let active: BTreeMap<String, u64> = tallies.map(|(mapping, tally)| (mapping.name.clone(), tally.active)).collect();
    // Once more for the same run, after a crash, changes nothing.
    let open_since = match &before {
        Some(before) if before.run == run => before.unsettled_since,
        Some(before) => before.unsettled_since.or(Some(before.t0)),
        None => began,
    };
    Collection {
        run: run.to_owned(),
        t0: asked,
        background: background.to_owned(),
        active,
        objects,
        watermark: asked.before(OLD_ENOUGH_TO_BE_LISTED),
        unsettled_since: open_since.filter(|_| !is_settled),
    }
}
