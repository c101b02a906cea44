//! What a job that follows a full import needs: that there is one, of these very mappings, and somebody who is known to
//! be there.

use super::fan_out;
use super::run::Run;
use crate::context::Context;
use crate::directory::{CompleteImport, ConnectionState, SHARDS};
use crate::error::{Error, Fate};
use crate::handlers::interruption::Interruption;
use crate::model::{Connection, Job, ObjectKind, Reason, Time};
use crate::reconcile::hash;
use crate::report::Problem;

/// How many witnesses are asked for.
const WITNESSES: usize = 2;
/// How many are looked at for each where a hold is open: some may wait in it.
const CANDIDATES: usize = 20;

/// Why there is nothing that could be followed.
pub(crate) enum NoImport {
    /// None was ever complete.
    Never,
    /// The last one was of other mappings.
    OtherMappings,
    /// Events since the last look at the log are gone from it.
    LogGap,
}

/// The last complete import, and the watermark: a delta is only right after an import of these very mappings.
pub(crate) fn import_to_follow<'a>(
    connection: &Connection,
    state: &'a ConnectionState,
) -> Result<(&'a CompleteImport, Time), NoImport> {
    let (Some(import), Some(watermark)) = (&state.last_complete, state.watermark) else {
        return Err(NoImport::Never);
    };
    if import.mappings_digest != connection.mappings_digest_of(ObjectKind::User) {
        return Err(NoImport::OtherMappings);
    }
    Ok((import, watermark))
}

/// Asks for a full import, where there is a function of it to start, and says so.
pub(crate) async fn ask_for_an_import(context: &Context, connection: &Connection, why: NoImport) -> Error {
    let (slug, title, why) = match why {
        NoImport::Never => ("never-imported", "A full import has to come first", "has never been imported completely"),
        NoImport::OtherMappings => {
            ("mappings-changed", "The mappings have changed", "has other mappings than when it was last imported")
        }
        NoImport::LogGap => {
            ("log-gap", "Events are gone from Okta's log", "was last looked at longer ago than Okta's log reaches back")
        }
    };
    let name = &connection.name;
    let started = fan_out::start_other(context, Job::FullImport, name).await;
    let (then, hint) = match started {
        true => (
            "A full import was started.",
            "Nothing to do: once the import is complete, what changes then follows it.".to_owned(),
        ),
        false => (
            "Nothing was read or changed.",
            format!("Run the full import: `rollcall sync {name} full-import`. What changes then follows it."),
        ),
    };
    let detail = format!("Connection {name} {why}, so it is not enough to look at what changed. {then}");
    Error::Problem(Problem::new(slug, title, detail, hint).with_status(409), Fate::Fatal)
}

/// Known active objects of a kind, other ones in every run: should they all have been deleted, the next run asks for others.
/// Not those that were found to be gone, and wait for a person to agree.
pub(crate) async fn witnesses(
    run: &Run,
    connection: &Connection,
    objects: ObjectKind,
) -> Result<Vec<String>, Interruption> {
    let first = hash(run.lease.run()) % SHARDS;
    let any_held = run.directory.hold(&connection.name).await?.is_some();
    let asked = if any_held { WITNESSES * CANDIDATES } else { WITNESSES };
    for (_, mapping) in connection.mappings_of(objects) {
        let place = (connection.name.as_str(), mapping.name.as_str());
        let mut found = Vec::new();
        for id in run.directory.some_active(place, first, asked).await? {
            if found.len() < WITNESSES && !(any_held && is_held_as_gone(run, place, &id).await?) {
                found.push(id);
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

async fn is_held_as_gone(run: &Run, (connection, mapping): (&str, &str), id: &str) -> Result<bool, Interruption> {
    let held = run.directory.held_change(connection, mapping, id).await?;
    Ok(held.is_some_and(|change| change.standing.is_some_and(Reason::is_gone)))
}
