//! What a device-collection needs before it begins: the org, its policies, what is known from before, and what an earlier
//! invocation left.

use std::sync::Arc;
use std::time::Duration;

use super::checkpoint::{Checkpoint, Collecting, Phase, Work};
use crate::context::Context;
use crate::directory::{Collection, ConnectionState};
use crate::groups::{Groups, Resolved};
use crate::handlers::connect;
use crate::handlers::following::witnesses;
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::run::Run;
use crate::handlers::work::meeting::Meeting;
use crate::handlers::work::{AtWork, Ledger};
use crate::line::Line;
use crate::model::{DAY, ObjectKind};

/// How long it is enough to look at what changed: what neither search nor log tell shows after this at the latest.
const ENOUGH: Duration = DAY;

/// Takes up or begins a device-collection.
pub(super) async fn prepare(
    context: &Context,
    run: &mut Run,
    stops: Option<Stops>,
) -> Result<(Collecting, ConnectionState), Interruption> {
    let connection = connect::connection(context, &run.report.connection).await?;
    let okta = connect::org(context, &connection, stops.map(|stops| stops.work)).await?;
    run.okta = Some(okta.clone());
    let state = connect::org_to_collect(&okta, &connection, (run, ObjectKind::Device)).await?;
    let left: Option<Checkpoint> = run.checkpoint().await?;
    let left = left.filter(|left| left.mappings_digest == connection.mappings_digest() && !run.is_too_old());
    if left.is_none() && run.taken_up && run.is_too_old() {
        run.start_anew().await?;
    }
    let resolved = Resolved::from(Groups::none_yet(&okta));
    let first_import = state.devices.is_none();
    let line = Line { first_import, ..run.line(okta, Arc::clone(&connection), resolved).await? };
    let background = background(&line).await?;
    let checkpoint = match left {
        // Since it was written, deactivations may have been collected of which it does not know.
        Some(left) => Checkpoint { ledger: Ledger { deactivations: true, ..left.ledger }, ..left },
        None => fresh(run, &line, (state.devices.as_ref(), background)),
    };
    let meeting = Meeting::resumed(run, &line, checkpoint.met_chunks).await?;
    let witnesses = if checkpoint.all { Vec::new() } else { witnesses(run, &connection, ObjectKind::Device).await? };
    let work = Work { checkpoint, meeting, witnesses };
    let job = AtWork::on(line, work, run.report.clone(), (context.tuning, stops));
    job.recall_held().await?;
    Ok((job, state))
}

/// What all devices depend on beside themselves, as a digest.
async fn background(line: &Line) -> Result<String, Interruption> {
    let policies = line.policies().await?.map(|policies| policies.digest());
    Ok(format!("{} {}", line.connection.mappings_digest_of(ObjectKind::Device), policies.as_deref().unwrap_or("-")))
}

/// The checkpoint of a run at its beginning. A run that left none may have collected deactivations all the same.
fn fresh(run: &Run, line: &Line, (collected, background): (Option<&Collection>, String)) -> Checkpoint {
    let now = line.okta.now();
    let follows = collected.filter(|collected| collected.background == background && now.since(collected.t0) < ENOUGH);
    let mut ledger = Ledger { deactivations: run.taken_up, ..Ledger::new(line.connection.mappings.len()) };
    ledger.expected = if follows.is_none() { collected.map(|collected| collected.objects) } else { None };
    for (mapping, tally) in line.connection.mappings.iter().zip(&mut ledger.tallies) {
        tally.active = follows.and_then(|collected| collected.active.get(&mapping.name)).copied().unwrap_or(0);
    }
    Checkpoint {
        mappings_digest: line.connection.mappings_digest(),
        background,
        all: follows.is_none(),
        since: follows.map_or(now, |collected| collected.watermark),
        phase: Phase::Reading,
        asked: None,
        cursor: None,
        met_chunks: 0,
        shown: false,
        done_to: None,
        ledger,
    }
}
