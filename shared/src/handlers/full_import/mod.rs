//! The full import: every user of an org, deactivated ones included, in slices of `created`.
//!
//! Phases follow each other, and each can be taken up again from the checkpoint: groups (who is in the mapped ones),
//! reading (slices, each swept when it is listed; none where the members of groups are all who matter), closing (who
//! changed since), absences (suspects and deletions, one by one), deciding (the guard), applying (and, last of all,
//! looking for managers and counting departments).

mod absences;
mod checkpoint;
mod closing;
mod crowd;
mod import;
mod members;
mod planned;
mod reading;
mod seen;
mod sweep;

use std::sync::Arc;

use self::checkpoint::{Checkpoint, Phase};
use self::import::Import;
pub use self::planned::carry_out;
pub(in crate::handlers) use self::reading::PAGES_A_SPLIT;
use super::interruption::{Interruption, blind};
use super::invocation::{Stops, of_job};
use super::run::{self, Run};
use super::sight::{everyone, find_groups};
use super::work::evidence::last_seen;
use super::work::{Ledger, deciding, departments, end, managers};
use super::{Event, Response, connect};
use crate::clock;
use crate::context::Context;
use crate::directory::{CompleteImport, ConnectionState};
use crate::error::Error;
use crate::line::Line;
use crate::model::{Job, Mapping, ObjectKind};
use crate::reconcile::{is_too_many, watermark};
use crate::report::{RunReport, RunState};

/// Runs the full import of one connection, or starts one for each that is due.
///
/// # Errors
/// When no run could be opened, or no further invocation started. A run that failed after it was opened is no error here:
/// its report says so.
pub async fn handle(context: &Context, event: Event) -> Result<Response, Error> {
    of_job(context, event, Job::FullImport, import).await
}

async fn import(context: &Context, mut run: Run, stops: Option<Stops>) -> Result<RunReport, Error> {
    let (import, state) = match prepare(context, &mut run, stops).await {
        Ok((import, state)) => (Arc::new(import), state),
        Err(interruption) => {
            run.note_use();
            return run.interrupted(interruption).await;
        }
    };
    let ending = phases(&import, &state).await;
    end(run, &import, ending).await
}

async fn prepare(
    context: &Context,
    run: &mut Run,
    stops: Option<Stops>,
) -> Result<(Import, ConnectionState), Interruption> {
    let connection = connect::connection(context, &run.report.connection).await?;
    let okta = connect::org(context, &connection, stops.map(|stops| stops.work)).await?;
    run.okta = Some(okta.clone());
    let mut state = run.directory.connection_state(&connection.name).await?;
    let organization = connect::same_org(&okta, &connection, &state).await?;
    let resolved = find_groups(&okta, &run.directory, &connection).await?;
    let connection = Arc::new(resolved.groups.usable(&connection));
    let digest = connection.mappings_digest();
    let mut checkpoint: Option<Checkpoint> = run.checkpoint().await?;
    checkpoint = checkpoint
        .filter(|checkpoint| checkpoint.t0.after(run::OLDEST) > organization.asked)
        // What a plan's run left is no import to go on with.
        .filter(|checkpoint| checkpoint.mappings_digest == digest && !checkpoint.planned);
    if checkpoint.is_none() && run.taken_up {
        run.start_anew().await?;
    }
    for group in &resolved.new {
        run.directory.put_resolved_group(&run.lease, group).await?;
    }
    let is_new = state.first_import.is_none();
    if state.org_id.is_none() || is_new {
        let first = |state: &mut ConnectionState| {
            connect::note_org(state, &connection, &organization);
            state.first_import.get_or_insert_with(|| run.report.run.clone());
            state.first_started.get_or_insert(organization.asked);
        };
        state = run.directory.change_connection_state(Some(&run.lease), &connection.name, first).await?;
    }
    let checkpoint = match checkpoint {
        // Since it was written, deactivations may have been collected of which it does not know.
        Some(checkpoint) => Checkpoint { ledger: Ledger { deactivations: true, ..checkpoint.ledger }, ..checkpoint },
        None => {
            let mut fresh = Checkpoint::new(organization.asked, digest, connection.mappings.len());
            let (sees_everyone, size) = everyone(&okta).await?;
            if !connection.mappings.iter().any(Mapping::uses_groups) {
                fresh.phase = Phase::Reading;
            }
            (fresh.sees_everyone, fresh.everyone) = (sees_everyone, size);
            fresh.ledger.expected = size.or(state.last_complete.as_ref().map(|import| import.users));
            fresh
        }
    };
    let first_import = state.last_complete.is_none();
    let line = Line { first_import, is_new, ..run.line(okta, connection, resolved).await? };
    if !checkpoint.sees_everyone {
        line.warn(
            "The credential may not list groups: whether it sees everybody cannot be told by the group Everyone.",
        );
    }
    let import = Import::new(line, checkpoint, run.report.clone(), (context.tuning, stops)).await?;
    Ok((import, state))
}

/// Holds how many people were met against the size of the group Everyone: a list that breaks off early without an error
/// would leave people out whom nobody knows yet, and no sweep could tell.
async fn count_heads(import: &Import) -> Result<(), Interruption> {
    let (met, size) = {
        let checkpoint = &import.work().checkpoint;
        (checkpoint.ledger.people, checkpoint.everyone)
    };
    let falls_short = |size: u64| is_too_many(size.saturating_sub(met), size);
    if import.by_group || !size.is_some_and(falls_short) {
        return Ok(());
    }
    // People may have gone since it was read.
    match everyone(&import.line.okta).await? {
        (_, Some(size)) if falls_short(size) => {
            Err(blind(format!("Okta listed {met} people, but its group Everyone has {size}.")))
        }
        _ => Ok(()),
    }
}

/// Looks for the group Everyone again: what was seen of the org at the beginning must be in sight still.
async fn look_around(import: &Import) -> Result<(), Interruption> {
    let saw_everyone = import.work().checkpoint.sees_everyone;
    let (sees_everyone, _) = everyone(&import.line.okta).await?;
    if saw_everyone && !sees_everyone {
        return Err(blind(
            "The credential saw the group Everyone when the run began, and may not list groups any more.",
        ));
    }
    Ok(())
}

/// Goes through the phases from where the checkpoint stands, and ends as held or succeeded.
async fn phases(import: &Arc<Import>, state: &ConnectionState) -> Result<RunState, Interruption> {
    import.save().await?;
    let mut ending = RunState::Succeeded;
    loop {
        let phase = import.work().checkpoint.phase;
        let next = match phase {
            Phase::Groups => {
                members::read_groups(import).await?;
                if import.by_group { Phase::Closing } else { Phase::Reading }
            }
            Phase::Reading => {
                reading::read_slices(import).await?;
                Phase::Closing
            }
            Phase::Closing => {
                closing::read_changes(import).await?;
                count_heads(import).await?;
                Phase::Absences
            }
            Phase::Absences => {
                absences::confirm(import, state).await?;
                look_around(import).await?;
                Phase::Deciding
            }
            Phase::Deciding => {
                deciding::decide(import).await?;
                Phase::Applying
            }
            Phase::Applying => {
                ending = deciding::apply(import).await?;
                import.sync_waiting().await?;
                managers::resolve(import).await?;
                departments::count(import).await?;
                Phase::Finished
            }
            Phase::Finished => {
                complete(import, ending).await?;
                return Ok(ending);
            }
        };
        import.work().checkpoint.enter(next);
        if next != Phase::Finished {
            import.save().await?;
        }
    }
}

/// Everything is in the directory, or in the hold: what follows starts from here. Not where a mapping could not be worked
/// on, for its people were not looked at; nor where somebody is left to the next look, which begins where the one before did.
async fn complete(import: &Import, ending: RunState) -> Result<(), Interruption> {
    if !import.line.groups.broken().is_empty() {
        return Ok(());
    }
    let started = import.report(RunState::Running).started;
    let line = &import.line;
    line.publish().await?;
    if import.leaves_open() {
        line.warn(
            "Okta could not tell of everybody: this import is not complete, and the next one looks at them again.",
        );
        return Ok(());
    }
    let checkpoint = import.work().checkpoint.clone();
    if line.any_unsynced() {
        let connection = &line.connection;
        // Also of mappings that were taken out of the connection.
        let is_of =
            |name: &str| connection.mapping(name).is_none_or(|mapping| mapping.source.objects() == ObjectKind::User);
        line.directory.forget_unsynced(&line.lease, started, is_of).await?;
    }
    let is_settled = ending != RunState::Held && checkpoint.ledger.tallies.iter().all(|tally| tally.unexplained == 0);
    let mappings = line.connection.mappings.iter().zip(&checkpoint.ledger.tallies);
    let import = CompleteImport {
        run: line.lease.run().to_owned(),
        t0: checkpoint.t0,
        mappings_digest: line.connection.mappings_digest_of(ObjectKind::User),
        active: mappings.map(|(mapping, tally)| (mapping.name.clone(), tally.active)).collect(),
        users: checkpoint.ledger.people,
    };
    let complete = |state: &mut ConnectionState| {
        // Once more for the same run, after a crash, changes nothing.
        if state.last_complete.as_ref().is_none_or(|last| last.run != import.run) {
            let open_since = state.unsettled_since.or_else(|| last_seen(state));
            state.unsettled_since = open_since.filter(|_| !is_settled);
        }
        state.watermark = Some(watermark(import.t0));
        state.last_complete = Some(import.clone());
    };
    line.directory.change_connection_state(Some(&line.lease), &line.connection.name, complete).await?;
    tracing::info!(run = line.lease.run(), at = %clock::now(), "full import complete");
    Ok(())
}
