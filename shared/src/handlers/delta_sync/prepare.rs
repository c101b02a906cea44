//! What a delta needs before it begins: a full import to follow, the org, the groups whose members changed, and what an
//! earlier invocation left.

use std::collections::HashSet;
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::delta::{Delta, FIRST_LISTING, Work};
use crate::context::Context;
use crate::directory::{CompleteImport, Directory};
use crate::error::{Error, Fate};
use crate::groups::{Groups, Resolved};
use crate::handlers::connect;
use crate::handlers::following::{ask_for_an_import, import_to_follow, witnesses};
use crate::handlers::interruption::Interruption;
use crate::handlers::invocation::Stops;
use crate::handlers::run::Run;
use crate::handlers::sight::find_groups;
use crate::handlers::work::meeting::Meeting;
use crate::handlers::work::{AtWork, Ledger, Seen};
use crate::model::{Connection, ObjectKind, Time};
use crate::okta::{ChangedGroups, Okta};
use crate::report::Problem;

/// Takes up or begins a delta.
pub(super) async fn prepare(context: &Context, run: &mut Run, stops: Option<Stops>) -> Result<Delta, Interruption> {
    let connection = connect::connection(context, &run.report.connection).await?;
    let state = run.directory.connection_state(&connection.name).await?;
    let (import, since) = match import_to_follow(&connection, &state) {
        Ok(found) => found,
        Err(why) => return Err(ask_for_an_import(context, &connection, why).await.into()),
    };
    let okta = connect::org(context, &connection, stops.map(|stops| stops.work)).await?;
    run.okta = Some(okta.clone());
    connect::same_org(&okta, &connection, &state).await?;
    let mapped = mapped_groups(&okta, &run.directory, (&connection, since)).await?;
    let connection = Arc::new(mapped.resolved.groups.usable(&connection));
    let mut checkpoint = checkpoint(run, &connection, (since, import)).await?;
    checkpoint.asked = checkpoint.asked.or(mapped.asked);
    for group in &mapped.resolved.new {
        run.directory.put_resolved_group(&run.lease, group).await?;
    }
    let witnesses = witnesses(run, &connection, ObjectKind::User).await?;
    let line = run.line(okta, connection, mapped.resolved).await?;
    let meeting = Meeting::resumed(run, &line, checkpoint.met_chunks).await?;
    let (list, chunks) = (FIRST_LISTING - checkpoint.members.pass, checkpoint.members.seen_chunks);
    let members = line.directory.seen(line.lease.run(), list, chunks).await?;
    let work = Work { checkpoint, meeting, members: Seen::resumed(members), changed: mapped.changed, witnesses };
    let delta = AtWork::on(line, work, run.report.clone(), (context.tuning, stops));
    delta.recall_held().await?;
    Ok(delta)
}

/// The mapped groups, and those of them whose members changed.
struct MappedGroups {
    resolved: Resolved,
    /// By id.
    changed: HashSet<String>,
    /// Okta's clock when it was asked; `None` where there was no need to.
    asked: Option<Time>,
}

/// As they are stored, as long as Okta shows one of them; else each is looked for, as by a full import.
async fn mapped_groups(
    okta: &Okta,
    directory: &Directory,
    (connection, since): (&Connection, Time),
) -> Result<MappedGroups, Interruption> {
    if let Some(groups) = Groups::recalled(okta, directory, connection).await? {
        let resolved = Resolved::from(groups);
        if let Some(mapped) = changed(okta, resolved, since).await? {
            return Ok(mapped);
        }
    }
    let resolved = find_groups(okta, directory, connection).await?;
    let gone = || Interruption::from(Error::Problem(out_of_sight(connection), Fate::Retryable));
    changed(okta, resolved, since).await?.ok_or_else(gone)
}

/// Which of the groups changed; `None` when Okta does not show even one that is known to be there.
async fn changed(okta: &Okta, resolved: Resolved, since: Time) -> Result<Option<MappedGroups>, Interruption> {
    let witness = resolved.groups.listed().next().map(|(_, group)| group.id.clone());
    let Some(witness) = witness else {
        return Ok(Some(MappedGroups { resolved, changed: HashSet::new(), asked: None }));
    };
    let ChangedGroups { asked, groups } = match okta.groups_changed_since(since, &witness).await {
        Ok(found) => found,
        Err(error) if error.is_not_permitted() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !groups.iter().any(|group| group.id == witness) {
        return Ok(None);
    }
    let changed = groups.into_iter().filter(|group| group.members_changed.is_none_or(|changed| changed > since));
    let changed = changed.map(|group| group.id).collect();
    Ok(Some(MappedGroups { resolved, changed, asked: Some(asked) }))
}

fn out_of_sight(connection: &Connection) -> Problem {
    Problem::new(
        "groups-unlisted",
        "Okta does not list a mapped group",
        format!("Mapped groups of connection {} answer by their ids, and Okta's list lacks them.", connection.name),
        "Nothing to do: the next trigger tries again. If it repeats, check the role of the credential's account.",
    )
}

/// The checkpoint that an earlier invocation left, or a fresh one.
async fn checkpoint(
    run: &mut Run,
    connection: &Connection,
    (since, import): (Time, &CompleteImport),
) -> Result<Checkpoint, Interruption> {
    let digest = connection.mappings_digest();
    let left: Option<Checkpoint> = run.checkpoint().await?;
    if let Some(left) = left {
        if left.mappings_digest == digest && !run.is_too_old() {
            let ledger = Ledger { deactivations: true, ..left.ledger };
            return Ok(Checkpoint { ledger, ..left });
        }
        run.start_anew().await?;
    }
    // A run that left no checkpoint goes on from the beginning, but may have collected deactivations.
    let mut ledger = Ledger { deactivations: run.taken_up, ..Ledger::new(connection.mappings.len()) };
    ledger.take_active(connection, Some(import));
    Ok(Checkpoint::new(since, digest, ledger))
}
