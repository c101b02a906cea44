//! A run that carries out a saved plan: a full import that reads the people of the plan and nobody else.
//!
//! The plan is held against the directory first, under the lease: when the mappings or a record are not what they were,
//! nothing is written. Then the people are read again, by id, and go down the one way of a record; the line writes what
//! the plan lists, digest for digest, and whatever else has come of somebody since is left to the next import as stale.
//! The guard decides on the deactivations as ever. Such a run is no complete import: it moves no watermark, wakes nobody
//! who waits for an identifier, and one that breaks off is not resumed.

use std::collections::{BTreeSet, HashSet};

use super::checkpoint::{Checkpoint, Phase};
use super::import::Import;
use super::prepare;
use crate::context::Context;
use crate::directory::{ConnectionState, Directory};
use crate::error::{Error, Fate};
use crate::handlers::connect;
use crate::handlers::interruption::Interruption;
use crate::handlers::run::{self, Opened, Run};
use crate::handlers::work::{deciding, holding};
use crate::model::{Connection, Job, ObjectKind, Outcome, Plan, Plans, identify};
use crate::okta::PageRequest;
use crate::reconcile::Source;
use crate::report::{Problem, RunReport, RunState};
use crate::sync::{Landing, Met};

/// So many records that have moved are named; of more it is only said how many.
const NAMED: usize = 5;

/// Carries out a plan as a run of the full import's kind.
///
/// # Errors
/// When no run could be opened, or another full import of the connection is at work or unfinished. A plan that is refused
/// because the directory has moved since is no error here: the run has failed, and its report says what moved.
pub async fn carry_out(context: &Context, plan: &Plan) -> Result<RunReport, Error> {
    let mut run = match run::open(context, &plan.connection, Job::FullImport).await? {
        Opened::Mine(run) => *run,
        Opened::Joined(report) => return Err(busy(&report)),
    };
    if run.taken_up {
        let left: Option<Checkpoint> = run.checkpoint().await?;
        if left.is_some_and(|checkpoint| !checkpoint.planned) {
            run.lease.pause().await?;
            return Err(busy(&run.report));
        }
        run.start_anew().await?;
    }
    let (import, state) = match begin(context, &mut run, plan).await {
        Ok(begun) => begun,
        Err(interruption) => {
            run.note_use();
            return run.interrupted(interruption).await;
        }
    };
    match work(&import, &state, plan).await {
        Ok(ending) => {
            run.report = import.report(ending);
            if ending == RunState::Held {
                run.report.problem = Some(run::held_problem(&run.report));
            }
            run.close().await
        }
        Err(interruption) => {
            run.report = import.report(RunState::Running);
            run.interrupted(interruption).await
        }
    }
}

fn busy(report: &RunReport) -> Error {
    let hint = "Let it finish with `rollcall sync`, or stop it with `rollcall cancel`; then make a new plan.";
    run::busy(&report.connection, &report.run, hint)
}

async fn begin(context: &Context, run: &mut Run, plan: &Plan) -> Result<(Import, ConnectionState), Interruption> {
    let connection = connect::connection(context, &plan.connection).await?;
    if connection.mappings_digest_of(ObjectKind::User) != plan.mappings_digest {
        let detail = format!("The mappings of connection {} have changed since.", connection.name);
        return Err(moved(plan, &detail).into());
    }
    check_revisions(&run.directory, &connection, plan).await?;
    let (mut import, state) = prepare(context, run, None).await?;
    if let Some(problem) = import.line.groups.broken().values().next() {
        return Err(Error::Problem(problem.clone(), Fate::Fatal).into());
    }
    import.line.groups.list(&import.line.okta).await?;
    import.line.plans = Plans::only(plan);
    {
        let checkpoint = &mut import.work().checkpoint;
        checkpoint.planned = true;
        checkpoint.ledger.expected = Some(plan.ids().len() as u64);
        // Nobody is swept, so what the guard's share is of comes from the last complete import.
        checkpoint.ledger.take_active(&connection, state.last_complete.as_ref());
    }
    import.line.warn(format!("This run carries out the plan of {}, and nothing that it does not list.", plan.made));
    Ok((import, state))
}

/// Makes sure that every record of the plan is at the revision that the plan was made from.
async fn check_revisions(directory: &Directory, connection: &Connection, plan: &Plan) -> Result<(), Error> {
    let mut differing = Vec::new();
    for (mapping, planned) in plan.revisions() {
        let keys: Vec<_> = planned.keys().cloned().collect();
        let current = directory.current(&connection.name, mapping, &keys).await?;
        for ((_, id), planned) in planned {
            let now = current.get(&id).map(|current| current.revision);
            if now != planned {
                let told =
                    |revision: Option<u64>| revision.map_or("no record".to_owned(), |it| format!("revision {it}"));
                differing.push(format!("{id} in {mapping} ({}, planned from {})", told(now), told(planned)));
            }
        }
    }
    if differing.is_empty() {
        return Ok(());
    }
    differing.sort();
    let count = differing.len();
    let records = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    differing.truncate(NAMED);
    let rest = if count > NAMED { ", and more" } else { "" };
    Err(moved(plan, &format!("{records} changed since: {}{rest}.", differing.join(", "))))
}

fn moved(plan: &Plan, what: &str) -> Error {
    let detail = format!("The plan of {} is out of date, and nothing was written. {what}", plan.made);
    let hint = "Make a new one with `rollcall preview --save`, and look at it again.";
    Error::Problem(Problem::new("plan-moved", "The plan is out of date", detail, hint).with_status(409), Fate::Fatal)
}

async fn work(import: &Import, state: &ConnectionState, plan: &Plan) -> Result<RunState, Interruption> {
    tracing::info!(
        run = import.line.lease.run(),
        changes = plan.changes.len(),
        new = state.last_complete.is_none(),
        "plan"
    );
    for ids in plan.ids().chunks(PageRequest::MOST_IDS) {
        import.interrupted()?;
        read(import, plan, ids).await?;
        import.save().await?;
    }
    {
        let checkpoint = &mut import.work().checkpoint;
        checkpoint.ledger.closed = Some(import.line.okta.now());
        checkpoint.enter(Phase::Deciding);
    }
    deciding::decide(import).await?;
    import.work().checkpoint.enter(Phase::Applying);
    import.save().await?;
    let held = holding::held(import).await?;
    // Of the hold's other entries this run knows nothing: they go on waiting.
    deciding::apply_collected(import, &held).await
}

/// Reads some people of the plan, and takes them through the line.
async fn read(import: &Import, plan: &Plan, ids: &[String]) -> Result<(), Interruption> {
    let mut found = HashSet::new();
    let mut request = Some(PageRequest::users_by_id(ids, &import.attributes));
    while let Some(asked) = request.take() {
        let page = import.line.okta.page(&asked).await?;
        found.extend(page.objects.iter().map(|object| identify(object).id));
        let landings = import.line.page((ObjectKind::User, &page.objects), Source::Listed, Met::First).await?;
        import.work().checkpoint.ledger.count(&landings);
        request = page.next;
    }
    let missing: BTreeSet<&String> = ids.iter().filter(|id| !found.contains(*id)).collect();
    let mut work = import.work();
    work.checkpoint.ledger.people += found.len() as u64;
    // Absence is not evidence: an import will ask for them.
    for change in plan.changes.iter().filter(|change| missing.contains(&change.id)) {
        let Some(mapping) = import.line.connection.mapping_index(&change.mapping) else { continue };
        let outcome = Some(Outcome::Stale);
        let landing = Landing { mapping, id: change.id.clone(), outcome, before: Outcome::Unchanged };
        work.checkpoint.ledger.count(&[landing]);
    }
    Ok(())
}
