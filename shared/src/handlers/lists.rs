//! Lists in pages, for who reads them piece by piece: connections, records, unsynced rows, runs.

use std::str::FromStr;

use super::connect;
use crate::context::Context;
use crate::directory::{DirectoryError, ListCursor, ListPage};
use crate::error::{Error, Fate};
use crate::model::{Connection, Record, UnsyncedRow};
use crate::report::{Problem, RunReport};

/// Which rows of a list: where it goes on, and how many at most.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The cursor that came with an earlier page; `None` for the list's beginning.
    pub cursor: Option<&'a str>,
    /// How many rows.
    pub limit: usize,
}

/// A stored connection: its name, and what is wrong with it where it is not valid.
pub type Listed = (String, Result<Connection, DirectoryError>);

/// The connections, in the order of their names; one that is not valid is among them.
///
/// # Errors
/// Fatal when the cursor is none of this list (status 400); as the directory fails otherwise.
pub async fn connections(context: &Context, wanted: Wanted<'_>) -> Result<ListPage<Listed>, Error> {
    const LIST: &str = "connections";
    let after = cursor(wanted)?;
    if after.as_ref().is_some_and(|after| !after.is_of(LIST)) {
        return Err(bad_cursor(wanted));
    }
    let mut listed = context.directory.connections().await?;
    listed.retain(|(name, _)| after.as_ref().is_none_or(|after| *name > after.sk));
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let rows = listed.into_iter().take(wanted.limit.saturating_add(1));
    let rows = rows.map(|(name, connection)| {
        let at = ListCursor::new(LIST, 0, &name);
        ((name, connection), at)
    });
    Ok(ListPage::of(rows.collect(), wanted.limit))
}

/// The records of a mapping.
///
/// # Errors
/// Fatal when there is no such connection or mapping (status 404), or the cursor is none of this list (status 400); as the
/// directory fails otherwise.
pub async fn records(
    context: &Context,
    (connection, mapping): (&str, &str),
    wanted: Wanted<'_>,
) -> Result<ListPage<Record>, Error> {
    let known = connect::connection(context, connection).await?;
    if known.mapping(mapping).is_none() {
        let names: Vec<&str> = known.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
        let detail = format!("The connection {connection} has no mapping {mapping:?}.");
        let hint = format!("Its mappings are: {}.", names.join(", "));
        let problem = Problem::new("unknown-mapping", "There is no such mapping", detail, hint).with_status(404);
        return Err(Error::Problem(problem, Fate::Fatal));
    }
    let after = cursor(wanted)?;
    let page = context.directory.records_page((connection, mapping), (after.as_ref(), wanted.limit)).await?;
    page.ok_or_else(|| bad_cursor(wanted))
}

/// What of a connection did not sync, and why.
///
/// # Errors
/// Fatal when there is no such connection (status 404), or the cursor is none of this list (status 400); as the directory
/// fails otherwise.
pub async fn unsynced(context: &Context, connection: &str, wanted: Wanted<'_>) -> Result<ListPage<UnsyncedRow>, Error> {
    connect::connection(context, connection).await?;
    let after = cursor(wanted)?;
    let page = context.directory.unsynced_page(connection, (after.as_ref(), wanted.limit)).await?;
    page.ok_or_else(|| bad_cursor(wanted))
}

/// The runs of a connection, also of one that was removed; without a name, of all connections that there are. The newest
/// come first.
///
/// # Errors
/// Fatal when the cursor is none of this list (status 400); as the directory fails otherwise.
pub async fn runs(
    context: &Context,
    connection: Option<&str>,
    wanted: Wanted<'_>,
) -> Result<ListPage<RunReport>, Error> {
    let after = cursor(wanted)?;
    let connections = match connection {
        Some(name) => vec![name.to_owned()],
        None => context.directory.connections().await?.into_iter().map(|(name, _)| name).collect(),
    };
    let page = context.directory.runs_page(&connections, (after.as_ref(), wanted.limit)).await?;
    page.ok_or_else(|| bad_cursor(wanted))
}

fn cursor(wanted: Wanted<'_>) -> Result<Option<ListCursor>, Error> {
    wanted.cursor.map(ListCursor::from_str).transpose().map_err(|_| bad_cursor(wanted))
}

fn bad_cursor(wanted: Wanted<'_>) -> Error {
    let detail = format!("{:?} is no cursor of this list.", wanted.cursor.unwrap_or_default());
    let hint = "Give the `next` of an earlier page of this very list as it is, or none to begin anew.";
    Error::Problem(Problem::new("bad-cursor", "The cursor is not valid", detail, hint).with_status(400), Fate::Fatal)
}
