//! A person agrees to a hold: each entry is read again, and what still stands is carried out, nothing beyond the list.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use futures::{StreamExt, TryStreamExt};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::interruption::{Interruption, blind};
use super::settle::settle;
use super::{connect, run, waiting};
use crate::clock;
use crate::context::Context;
use crate::directory::{Directory, HeldEntry, Lease};
use crate::error::Error;
use crate::groups::Groups;
use crate::line::Line;
use crate::model::{ObjectKind, Outcome, Plans};
use crate::okta::Everyone;
use crate::reconcile::hash;
use crate::report::{RunReport, RunState};

/// Entries that are settled beside each other.
const AT_ONCE: usize = 8;
/// Entries that the feed hears of in one batch, and that leave the list together.
const TOLD_AT_ONCE: usize = 64;

/// Lets a held run go on: carries out what its connection's hold lists, as far as Okta still bears it out.
///
/// # Errors
/// When there is no such held run, when the hold is another run's by now, when the connection is being worked on, or
/// when Okta cannot be trusted or read; what was not carried out goes on waiting.
pub async fn approve(context: &Context, id: &str) -> Result<RunReport, Error> {
    carry_on(context, id, None).await
}

/// The same for as long as there is time. What could not be carried out by then stays on the list, and the run held, as its
/// report says: approve it again.
///
/// # Errors
/// As for [`approve`].
pub async fn approve_until(context: &Context, id: &str, deadline: Instant) -> Result<RunReport, Error> {
    carry_on(context, id, Some(deadline)).await
}

async fn carry_on(context: &Context, id: &str, deadline: Option<Instant>) -> Result<RunReport, Error> {
    let held = run::find(context, id).await?;
    run::holds(&context.directory, &held).await?;
    let (lease, directory) = run::take(context, &held).await?;
    let result = under_lease(context, held, (&lease, directory), deadline).await;
    // Given back whatever came of it: the run that the lease is for has ended.
    lease.finish().await?;
    result
}

async fn under_lease(
    context: &Context,
    held: RunReport,
    (lease, directory): (&Lease, Directory),
    deadline: Option<Instant>,
) -> Result<RunReport, Error> {
    let connection = connect::connection(context, &held.connection).await?;
    let okta = connect::org(context, &connection, deadline).await?;
    let state = directory.connection_state(&connection.name).await?;
    connect::same_org(&okta, &connection, &state).await?;
    if okta.everyone().await? == Everyone::NotThere {
        let detail =
            "The credential does not see the group Everyone, so nothing that it does not show can be approved.";
        return Err(blind(detail).into_error());
    }
    let groups = Groups::resolve(&okta, &directory, &connection).await?.groups;
    let unsynced = directory.unsynced_ids(&connection.name).await?;
    let line = Line {
        okta,
        directory,
        groups,
        connection,
        lease: lease.clone(),
        first_import: false,
        is_new: false,
        plans: Plans::Everything,
        unsynced: unsynced.into(),
        reported: Mutex::default(),
        untold: AtomicBool::new(false),
        warnings: Mutex::new(BTreeSet::new()),
        policies: OnceCell::new(),
        halt: context.halt.clone(),
    };
    let mut report = held;
    let result = carry_out(&line, &mut report, deadline).await;
    report.okta = report.okta + line.okta.used();
    report.dynamodb = report.dynamodb + line.directory.used();
    // Also when it broke off: what was carried out until then is told, and the rest goes on waiting.
    line.directory.put_run(lease, &report).await?;
    match result {
        Ok(()) | Err(Interruption::Deadline) => Ok(report),
        Err(interruption) => Err(interruption.into_error()),
    }
}

async fn carry_out(line: &Line, report: &mut RunReport, deadline: Option<Instant>) -> Result<(), Interruption> {
    let mut left = 0_u64;
    let listed = run::list(&line.directory, report).await?;
    let is_listed = |entry: &HeldEntry| listed.contains(&hash((&entry.mapping, &entry.change.id)));
    let entries = line.directory.held(&line.connection.name).try_filter(|entry| ready(is_listed(entry)));
    let settled = entries.map(|entry| async {
        let entry = entry?;
        let outcome = settle_entry(line, &entry).await?;
        Ok::<_, Interruption>((entry, outcome))
    });
    let mut settled = std::pin::pin!(settled.buffer_unordered(AT_ONCE).chunks(TOLD_AT_ONCE));
    while let Some(some) = settled.next().await {
        let (done, failed): (Vec<_>, Vec<_>) = some.into_iter().partition(Result::is_ok);
        // The feed hears of it first: an entry that is left would only be settled, and told, once more.
        line.publish().await?;
        for (entry, outcome) in done.into_iter().flatten() {
            let counts = report.mappings.entry(entry.mapping.clone()).or_default();
            if outcome == Outcome::Stale {
                left += 1;
                continue;
            }
            line.directory.remove_held(&line.lease, &entry.mapping, &entry.change.id).await?;
            if counts.take_back(Outcome::Held) {
                counts.add(outcome);
            }
        }
        let interruption = failed.into_iter().next().and_then(Result::err);
        let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if let Some(interruption) = interruption.or(is_late.then_some(Interruption::Deadline)) {
            report.problem = Some(run::held_problem(report));
            return Err(interruption);
        }
    }
    // Those who left gave up their identifiers, and somebody may have waited for one.
    for landing in waiting::wake(line, &[ObjectKind::User, ObjectKind::Device, ObjectKind::App]).await? {
        let counts = report.mappings.entry(line.connection.mappings[landing.mapping].name.clone()).or_default();
        if landing.outcome.is_some() && counts.take_back(landing.before) {
            landing.outcome.into_iter().for_each(|outcome| counts.add(outcome));
        }
    }
    if left == 0 {
        line.directory.close_hold(&line.lease).await?;
        (report.state, report.problem) = (RunState::Succeeded, None);
    } else {
        report.problem = Some(run::held_problem(report));
    }
    report.ended = Some(clock::now());
    Ok(())
}

/// Carries an entry out if it stands; stale when nothing can be said of it, and it stays on the list.
async fn settle_entry(line: &Line, entry: &HeldEntry) -> Result<Outcome, Interruption> {
    match line.connection.mapping(&entry.mapping) {
        Some(mapping) => settle(line, mapping, &entry.change).await,
        // Its mapping was taken out of the connection: nothing writes its records any more.
        None => Ok(Outcome::Excluded),
    }
}
