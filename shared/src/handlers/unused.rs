//! The view of what is not used: applications that nobody signed on to within 90 days, and people who did not sign on to
//! what is assigned to them. It reads the directory alone, asks nothing of Okta and writes nothing.
//!
//! The days are counted back from when the log was followed to last, not from now: of what came later nothing is known. And
//! where the log was never read nothing is called unused.

use std::collections::HashSet;
use std::future::ready;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::connect;
use crate::context::Context;
use crate::directory::{AppPerson, Directory, SignOnLog};
use crate::error::{Error, Fate};
use crate::model::app::{Observed, Unused};
use crate::model::{Connection, ObjectKind, Reason, Record};
use crate::report::Problem;

/// Rows, read one after the other.
pub type UnusedRows = BoxStream<'static, Result<Unused, Error>>;

/// What is not used, and how far that can be told.
pub struct UnusedView {
    /// In which time use was looked for; `None` where the log was never read, and there are no rows.
    pub observed: Option<Observed>,
    /// The rows, an application after the other: its own, if nobody uses it, then its people in order of id.
    pub rows: UnusedRows,
}

/// What of a connection's applications is not used, or of one of them. In memory are at most the ids of applications.
///
/// # Errors
/// Fatal when there is no such connection or application; retryable when DynamoDB throttles or is out of reach.
pub async fn unused(context: &Context, name: &str, app: Option<&str>) -> Result<UnusedView, Error> {
    let connection = connect::connection(context, name).await?;
    let services = match app {
        Some(app) => one(&context.directory, &connection, app).await?,
        None => all(&context.directory, &connection),
    };
    let log = context.directory.sign_on_log(name).await?;
    let SignOnLog { observed_since: Some(since), looked: Some(until), .. } = log else {
        return Ok(UnusedView { observed: None, rows: stream::empty().boxed() });
    };
    let (directory, observed) = (context.directory.clone(), Observed { since, until });
    let rows = services.and_then(move |service| rows_of(directory.clone(), service, observed)).try_flatten();
    Ok(UnusedView { observed: Some(observed), rows: rows.boxed() })
}

/// The record of one application.
async fn one(
    directory: &Directory,
    connection: &Connection,
    app: &str,
) -> Result<BoxStream<'static, Result<Record, Error>>, Error> {
    for (_, mapping) in connection.mappings_of(ObjectKind::App) {
        if let Some(record) = directory.record(&connection.name, &mapping.name, app).await? {
            return Ok(stream::iter(is_service(&record).then_some(Ok(record))).boxed());
        }
    }
    let detail = format!("Connection {} has no record of an application {app:?}.", connection.name);
    let hint = "`rollcall list CONNECTION MAPPING` lists the applications with their ids.";
    let problem = Problem::new("unknown-record", "There is no such application", detail, hint).with_status(404);
    Err(Error::Problem(problem, Fate::Fatal))
}

/// The records of all applications, each once, though several mappings may have it.
fn all(directory: &Directory, connection: &Connection) -> BoxStream<'static, Result<Record, Error>> {
    let mappings = connection.mappings_of(ObjectKind::App);
    let records: Vec<_> = mappings.map(|(_, mapping)| directory.records(&connection.name, &mapping.name)).collect();
    let mut told = HashSet::new();
    let services = stream::iter(records).flatten().map_err(Error::from);
    services.try_filter(move |record| ready(is_service(record) && told.insert(record.id.clone()))).boxed()
}

/// Whether an application is there, and wanted.
fn is_service(record: &Record) -> bool {
    matches!(record.reason, None | Some(Reason::Deactivated))
}

/// The rows of one application.
async fn rows_of(directory: Directory, record: Record, observed: Observed) -> Result<UnusedRows, Error> {
    let used = directory.app_use(&record.connection, &record.id, observed.until).await?;
    let name = record.fields.get("name").and_then(|name| name.as_str()).unwrap_or(&record.identifier);
    let itself = Unused {
        connection: record.connection.clone(),
        app: record.id.clone(),
        app_name: name.to_owned(),
        app_status: record.okta_status.clone(),
        person: None,
        assigned: None,
        since: Some(record.source_created),
        last_sign_on: used.last,
        observed_since: observed.since,
    };
    let own = observed.is_unused(used.last).then(|| Ok(itself.clone()));
    let people = directory.app_people(&record.connection, &record.id).map_err(Error::from);
    let idle = people.try_filter_map(move |AppPerson { user, assignment, last_sign_on }| {
        let row = observed.is_idle(&assignment, last_sign_on).then(|| Unused {
            person: Some(user),
            assigned: Some(assignment.how),
            since: assignment.since,
            last_sign_on,
            ..itself.clone()
        });
        ready(Ok(row))
    });
    Ok(stream::iter(own).chain(idle).boxed())
}
