//! What a service-discovery needs before it begins: the org, what is known from before, and what an earlier invocation left.

use std::collections::HashSet;
use std::sync::Arc;

use super::checkpoint::{Checkpoint, Discovering, PeopleListing, Phase, Work};
use super::people::Roll;
use crate::context::Context;
use crate::directory::{Collection, ConnectionState};
use crate::groups::{Groups, Resolved};
use crate::handlers::connect;
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::run::Run;
use crate::handlers::work::meeting::Meeting;
use crate::handlers::work::{AtWork, Ledger};
use crate::line::Line;
use crate::model::ObjectKind;

/// Takes up or begins a service-discovery.
pub(super) async fn prepare(
    context: &Context,
    run: &mut Run,
    stops: Option<Stops>,
) -> Result<(Discovering, ConnectionState), Interruption> {
    let connection = connect::connection(context, &run.report.connection).await?;
    let okta = connect::org(context, &connection, stops.map(|stops| stops.work)).await?;
    run.okta = Some(okta.clone());
    let state = connect::org_to_collect(&okta, &connection, (run, ObjectKind::App)).await?;
    let left: Option<Checkpoint> = run.checkpoint().await?;
    let left = left.filter(|left| left.mappings_digest == connection.mappings_digest() && !run.is_too_old());
    if left.is_none() && run.taken_up && run.is_too_old() {
        run.start_anew().await?;
    }
    let resolved = Resolved::from(Groups::none_yet(&okta));
    let first_import = state.apps.is_none();
    let line = Line { first_import, ..run.line(okta, Arc::clone(&connection), resolved).await? };
    let mut checkpoint = match left {
        // Since it was written, deactivations may have been collected of which it does not know.
        Some(left) => Checkpoint { ledger: Ledger { deactivations: true, ..left.ledger }, ..left },
        None => fresh(run, &line, state.apps.as_ref()),
    };
    let meeting = Meeting::resumed(run, &line, checkpoint.met_chunks).await?;
    let roll = roll(&line, &mut checkpoint).await?;
    let work = Work { checkpoint, meeting, roll, left_out: HashSet::new() };
    let job = AtWork::on(line, work, run.report.clone(), (context.tuning, stops));
    job.recall_held().await?;
    Ok((job, state))
}

/// The people that an unfinished list has shown. Where they cannot be read, it begins again.
async fn roll(line: &Line, checkpoint: &mut Checkpoint) -> Result<Roll, Interruption> {
    let listing = &checkpoint.listing;
    let rows = line.directory.seen(line.lease.run(), listing.list(), listing.chunks).await?;
    Ok(Roll::resumed(&rows).unwrap_or_else(|| {
        checkpoint.listing = PeopleListing { number: checkpoint.listing.number + 1, ..PeopleListing::default() };
        Roll::default()
    }))
}

/// The checkpoint of a run at its beginning. A run that left none may have collected deactivations all the same.
fn fresh(run: &Run, line: &Line, discovered: Option<&Collection>) -> Checkpoint {
    let ledger = Ledger::new(line.connection.mappings.len());
    let expected = discovered.map(|discovered| discovered.objects);
    Checkpoint {
        mappings_digest: line.connection.mappings_digest(),
        background: line.connection.mappings_digest_of(ObjectKind::App),
        phase: Phase::Following,
        asked: None,
        cursor: None,
        own: false,
        listing: PeopleListing::default(),
        met_chunks: 0,
        done_to: None,
        ledger: Ledger { deactivations: run.taken_up, expected, ..ledger },
    }
}
