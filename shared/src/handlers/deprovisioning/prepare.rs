//! What a run needs before it looks at anybody: that the org is the same as ever, its groups, and what an earlier
//! invocation left.

use std::sync::Arc;

use super::checkpoint::{Checkpoint, Deprovisioning, Work};
use super::poll::Poll;
use crate::context::Context;
use crate::groups::{Groups, Resolved};
use crate::handlers::connect;
use crate::handlers::following::witnesses;
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::run::Run;
use crate::handlers::sight::find_groups;
use crate::handlers::work::meeting::Meeting;
use crate::handlers::work::{AtWork, Ledger};
use crate::model::ObjectKind;

/// Takes up or begins a run.
pub(super) async fn prepare(
    context: &Context,
    run: &mut Run,
    poll: Poll,
    (left, stops): (Option<Checkpoint>, Option<Stops>),
) -> Result<Deprovisioning, Interruption> {
    let Poll { connection, okta, state, import, position, question } = poll;
    connect::same_org(&okta, &connection, &state).await?;
    let resolved = match Groups::recalled(&okta, &run.directory, &connection).await? {
        Some(groups) => Resolved::from(groups),
        None => find_groups(&okta, &run.directory, &connection).await?,
    };
    for group in &resolved.new {
        run.directory.put_resolved_group(&run.lease, group).await?;
    }
    let connection = Arc::new(resolved.groups.usable(&connection));
    let digest = connection.mappings_digest();
    let checkpoint = match left {
        Some(left) if left.mappings_digest == digest && !run.is_too_old() => {
            Checkpoint { ledger: Ledger { deactivations: true, ..left.ledger }, ..left }
        }
        left => {
            if left.is_some() {
                run.start_anew().await?;
            }
            // A run that left no checkpoint goes on from the beginning, but may have collected deactivations.
            let mut ledger = Ledger { deactivations: run.taken_up, ..Ledger::new(connection.mappings.len()) };
            ledger.take_active(&connection, Some(&import));
            Checkpoint::new(digest.clone(), ledger)
        }
    };
    let knows_groups = import.mappings_digest == connection.mappings_digest_of(ObjectKind::User);
    let witnesses = witnesses(run, &connection, ObjectKind::User).await?;
    let line = run.line(okta, connection, resolved).await?;
    let meeting = Meeting::resumed(run, &line, checkpoint.met_chunks).await?;
    let work = Work { checkpoint, meeting, position, question, hooked: Vec::new(), witnesses, knows_groups };
    let job = AtWork::on(line, work, run.report.clone(), (context.tuning, stops));
    job.recall_held().await?;
    Ok(job)
}
