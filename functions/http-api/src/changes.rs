//! The feed of changes.

use axum::Json;
use axum::extract::State;
use rollcall_shared::handlers::changes::{self, ChangesPage, MOST_CHANGES};
use rollcall_shared::model::FeedEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::endpoint::Endpoint;
use crate::pages::{Room, limit};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName};

/// Where the feed is read from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// The `next` of an earlier answer; the oldest change that is kept where it is left out.
    since: Option<String>,
    /// How many changes at most.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    limit: Option<usize>,
}

/// Changes, and where the feed goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// The changes in order; none when nothing is new.
    items: Vec<FeedEntry>,
    /// What to ask with later. It is never null: a feed has no end.
    next: String,
}

/// The feed of changes
///
/// Each change is told at least once, in the order in which changes were noted; changes are kept for 90 days. Ask again with
/// `since` set to the `next` of the answer.
#[utoipa::path(
    get, path = "/connections/{name}/changes", operation_id = "list_changes", tag = "records", params(("name" = String, Path), ChangesQuery),
    responses((status = 200, body = Changes))
)]
pub(crate) async fn list(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    Asked(query): Asked<ChangesQuery>,
) -> Result<Json<Changes>, Refusal> {
    let limit = limit(query.limit)?.unwrap_or(MOST_CHANGES);
    let ChangesPage { items, next } = changes::changes(&endpoint.context, &name, query.since.as_deref(), limit).await?;
    Ok(Json(cut(items, next)))
}

/// As many changes as an answer holds; the feed then goes on after the last of them.
fn cut(items: Vec<FeedEntry>, next: String) -> Changes {
    let mut room = Room::default();
    let count = items.len();
    let kept: Vec<FeedEntry> = items.into_iter().take_while(|entry| room.has(entry)).collect();
    let next = kept.last().filter(|_| kept.len() < count).map_or(next, |last| last.cursor.clone());
    Changes { items: kept, next }
}
