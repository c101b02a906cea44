//! What a connection can be asked before anything is written: whether it works, and what an import would do.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rollcall_shared::Error;
use rollcall_shared::handlers::preview::{Preview, PreviewOptions, PreviewReport, Previewed};
use rollcall_shared::handlers::verify::ApiCheck;
use rollcall_shared::handlers::{preview as previewing, verify as verifying};
use rollcall_shared::report::Problem;
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;
use utoipa::{IntoParams, ToSchema};

use crate::endpoint::Endpoint;
use crate::pages::{Page, Room, limit};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName, OptionalJson};

/// How many people a preview reads where nobody says.
const USUAL_PEOPLE: usize = 100;

/// Checks URL, credential and permissions
///
/// An item for each API that the mappings need. An API that cannot be used is an item that is not `ok`, and no error.
#[utoipa::path(
    post, path = "/connections/{name}/verify", operation_id = "verify_connection", tag = "connections", params(("name" = String, Path)),
    responses((status = 200, body = Page<ApiCheck>))
)]
pub(crate) async fn verify(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
) -> Result<Json<Page<ApiCheck>>, Refusal> {
    let checks = verifying::verify(&endpoint.context, &name);
    Ok(Json(Page { items: in_time(&endpoint, checks).await?, next: None }))
}

/// What to preview, in the query or in the body; the body counts where both say it.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewQuery {
    /// One mapping, by name; all where it is left out.
    mapping: Option<String>,
    /// How many people to read at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    #[schema(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// What a full import would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewAnswer {
    /// What would become of each, but of those who stay as they are.
    items: Vec<Previewed>,
    /// Always null: a preview has one page.
    #[schema(required)]
    next: Option<String>,
    /// How many would have been items too, and are left out because the answer is large enough.
    omitted: u64,
    /// The same counted, and the cost of a full import.
    report: PreviewReport,
}

/// What a full import would do, with nothing written
///
/// Reads at most `limit` people. `rollcall preview` reads them all.
#[utoipa::path(
    post, path = "/connections/{name}/preview", operation_id = "preview_connection", tag = "connections", params(("name" = String, Path), PreviewQuery),
    request_body = Option<PreviewQuery>,
    responses((status = 200, body = PreviewAnswer))
)]
pub(crate) async fn preview(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    Asked(asked): Asked<PreviewQuery>,
    OptionalJson(body): OptionalJson<PreviewQuery>,
) -> Result<Json<PreviewAnswer>, Refusal> {
    let body = body.unwrap_or_default();
    let people = limit(body.limit)?.or(limit(asked.limit)?).unwrap_or(USUAL_PEOPLE);
    let options = PreviewOptions { mapping: body.mapping.or(asked.mapping), limit: Some(people as u64) };
    let (mut items, mut omitted, mut room) = (Vec::new(), 0, Room::default());
    let on_change = |change: Previewed| match room.has(&change) {
        true => items.push(change),
        false => omitted += 1,
    };
    let preview = Box::pin(previewing::preview(&endpoint.context, &name, options, on_change));
    let Preview { report, .. } = in_time(&endpoint, preview).await?;
    Ok(Json(PreviewAnswer { items, next: None, omitted, report }))
}

/// What comes of asking Okta, if it answers before we have to. Nothing is lost where it does not: nothing is being written.
async fn in_time<T>(endpoint: &Endpoint, asking: impl Future<Output = Result<T, Error>>) -> Result<T, Refusal> {
    match timeout_at(endpoint.deadline(), asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => {
            let detail = "Okta did not answer everything that had to be asked within the time for an answer here.";
            let hint =
                "Try again in a minute, with fewer people if it was a preview; the `rollcall` command waits longer.";
            let problem = Problem::new("okta-slow", "Okta takes too long", detail, hint);
            Err(Refusal::new(StatusCode::FAILED_DEPENDENCY, problem))
        }
    }
}
