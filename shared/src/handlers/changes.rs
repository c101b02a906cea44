//! The feed of changes of a connection, for those who follow its directory.

use serde::Serialize;

use super::connect;
use crate::context::Context;
use crate::directory::{FeedCursor, FeedPage};
use crate::error::{Error, Fate};
use crate::model::FeedEntry;
use crate::report::Problem;

/// How many entries a page has at most.
pub const MOST_CHANGES: usize = 1_000;

/// Entries of the feed, and where it goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangesPage {
    /// The entries, in order; none when nothing is new.
    pub items: Vec<FeedEntry>,
    /// The cursor that asks for what comes later; there is always one.
    pub next: String,
}

/// What changed in a connection's directory after a cursor, or from the oldest change that is kept (90 days): at most
/// `limit` entries, 1 to [`MOST_CHANGES`]. Fewer than that means that these were all.
///
/// Each change is told at least once. Of two entries of one record the one with the larger `revision` is the later one.
///
/// # Errors
/// Fatal when there is no such connection, the cursor is none of this feed (status 400), or what followed it is not kept
/// any more (status 410); as the directory fails otherwise.
pub async fn changes(context: &Context, name: &str, since: Option<&str>, limit: usize) -> Result<ChangesPage, Error> {
    connect::connection(context, name).await?;
    let since = since.map(|cursor| cursor.parse::<FeedCursor>().map_err(|_| bad_cursor(cursor))).transpose()?;
    match context.directory.changes(name, since, limit.clamp(1, MOST_CHANGES)).await? {
        FeedPage::Entries { entries, next } => Ok(ChangesPage { items: entries, next: next.to_string() }),
        FeedPage::Unknown => Err(bad_cursor(&since.map(|cursor| cursor.to_string()).unwrap_or_default())),
        FeedPage::Expired { newest } => Err(expired(newest)),
    }
}

fn bad_cursor(cursor: &str) -> Error {
    let detail = format!("{cursor:?} is no cursor of this connection's feed of changes.");
    let hint = "Give the `next` of an earlier answer as it is, or none to begin with the oldest change that is kept.";
    Error::Problem(Problem::new("bad-cursor", "The cursor is not valid", detail, hint).with_status(400), Fate::Fatal)
}

fn expired(newest: FeedCursor) -> Error {
    let detail = "What followed this cursor is not kept any more: changes are kept for 90 days.";
    let hint = format!("Read the whole list of records once, then go on with the cursor {newest}.");
    let problem = Problem::new("expired-cursor", "The cursor is too old", detail, hint);
    Error::Problem(problem.with_status(410), Fate::Fatal)
}
