//! Runs: started, listed, shown, approved and cancelled.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use rollcall_shared::handlers::approve::approve_until;
use rollcall_shared::handlers::{cancel as cancelling, lists, start as starting};
use rollcall_shared::model::{Job, is_name};
use rollcall_shared::report::RunReport;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::endpoint::Endpoint;
use crate::pages::{Page, PageQuery, page};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName, IdempotencyKey, JobName, RunId};

/// An accepted run: where it is told how it goes, and how it stands now.
type Accepted = (StatusCode, [(HeaderName, String); 1], Json<RunReport>);

/// Starts a run of a job
///
/// The run exists when the answer comes; follow it at `Location`. Where the job is running, that run is joined. The same
/// `Idempotency-Key` gives the same run for a day.
#[utoipa::path(
    post, path = "/connections/{name}/jobs/{job}/runs", operation_id = "start_run", tag = "runs",
    params(
        ("name" = String, Path),
        ("job" = Job, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key gives the same run", min_length = 1,
         max_length = 255)
    ),
    responses((status = 202, body = RunReport, headers(("Location" = String, description = "The run"))))
)]
pub(crate) async fn start(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    JobName(job): JobName,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<Accepted, Refusal> {
    let report = starting::start(&endpoint.context, (&name, job), key.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/runs/{}", report.run))], Json(report)))
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsQuery {
    /// Those of one connection, which may have been removed; of all connections where it is left out.
    connection: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The runs of the last 90 days, the newest first
#[utoipa::path(get, path = "/runs", operation_id = "list_runs", tag = "runs", params(RunsQuery), responses((status = 200, body = Page<RunReport>)))]
pub(crate) async fn list(
    State(endpoint): State<Endpoint>,
    Asked(query): Asked<RunsQuery>,
) -> Result<Json<Page<RunReport>>, Refusal> {
    let RunsQuery { connection, limit, cursor } = query;
    let pages = PageQuery { limit, cursor };
    let wanted = pages.wanted()?;
    // What cannot be a name is no connection's, and may be no key of DynamoDB's.
    if connection.as_deref().is_some_and(|name| !is_name(name)) {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    }
    let rows = lists::runs(&endpoint.context, connection.as_deref(), wanted).await?;
    Ok(Json(page(rows, |report| report)))
}

/// How a run stands
#[utoipa::path(
    get, path = "/runs/{id}", operation_id = "show_run", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = RunReport))
)]
pub(crate) async fn show(State(endpoint): State<Endpoint>, RunId(id): RunId) -> Result<Json<RunReport>, Refusal> {
    let report = endpoint.context.directory.run(&id).await?;
    let none = || Refusal::not_found("unknown-run", format!("There is no run {id:?}."));
    report.map(Json).ok_or_else(none)
}

/// Lets the deactivations that a run holds go on
///
/// Each is read again, and what Okta still bears out is carried out. Where there are more than can be read in the time for an
/// answer, the run stays `held` by the rest: approve it again.
#[utoipa::path(
    post, path = "/runs/{id}/approve", operation_id = "approve_run", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = RunReport))
)]
pub(crate) async fn approve(State(endpoint): State<Endpoint>, RunId(id): RunId) -> Result<Json<RunReport>, Refusal> {
    // What lies deep is boxed: futures within futures take more of the stack than a thread may have.
    Ok(Json(Box::pin(approve_until(&endpoint.context, &id, endpoint.deadline())).await?))
}

/// Stops a run, or discards the deactivations that it holds
///
/// One that is at work stops as soon as it next reports: until then its state is `running`.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = RunReport))
)]
pub(crate) async fn cancel(State(endpoint): State<Endpoint>, RunId(id): RunId) -> Result<Json<RunReport>, Refusal> {
    Ok(Json(cancelling::cancel(&endpoint.context, &id).await?))
}
