//! Okta's event hooks: the one route that is open. Who knows the hook's secret may have deprovisioning woken, and nothing
//! else; what is wrong here is told to our logs, not to whoever asks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rollcall_shared::Error;
use rollcall_shared::handlers::event_hook::{self, Answer, CHALLENGE, SECRET};
use rollcall_shared::model::is_name;
use rollcall_shared::report::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoint::Endpoint;
use crate::refusal::{PROBLEM_JSON, ProblemDetails, Refusal};
use crate::request::unread;

/// Okta's challenge, which comes back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// The challenge.
    verification: String,
}

/// Answers Okta's question whether this route is meant for its hooks
#[utoipa::path(
    get, path = "/hooks/{connection}", operation_id = "verify_hook", tag = "hooks", security(()),
    params(
        ("connection" = String, Path, description = "The connection's name"),
        ("x-okta-verification-challenge" = String, Header, description = "What is to come back")
    ),
    responses(
        (status = 200, body = Verification),
        (status = 400, description = "No challenge", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "No such hook", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub(crate) async fn verify(
    State(endpoint): State<Endpoint>,
    Path(connection): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let name = hooked(connection)?;
    let answer = event_hook::verify(&endpoint.context, &name, text(&headers, CHALLENGE)).await;
    answered(&name, answer)
}

/// Takes in what Okta's event hook delivers, and wakes deprovisioning
#[utoipa::path(
    post, path = "/hooks/{connection}", operation_id = "receive_hook", tag = "hooks", security(()),
    params(
        ("connection" = String, Path, description = "The connection's name"),
        ("authorization" = String, Header, description = "The hook's secret")
    ),
    request_body(content = Object, content_type = "application/json"),
    responses(
        (status = 204, description = "Taken in"),
        (status = 400, description = "No delivery", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "Not the secret", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "No such hook", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub(crate) async fn receive(
    State(endpoint): State<Endpoint>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let name = hooked(connection)?;
    let body = body.map_err(unread)?;
    let answer = event_hook::receive(&endpoint.context, &name, text(&headers, SECRET), &body).await;
    answered(&name, answer)
}

/// A name that a connection with a hook could have.
fn hooked(connection: String) -> Result<String, Refusal> {
    if is_name(&connection) {
        return Ok(connection);
    }
    Err(Refusal::not_found("unknown-hook", format!("There is no connection named {connection:?} with an event hook.")))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn answered(connection: &str, answer: Result<Answer, Error>) -> Result<Response, Refusal> {
    let Answer { status, body } = answer.map_err(|error| {
        tracing::error!(connection, %error, "an event hook was not taken in");
        let detail = "What was delivered could not be taken in now.";
        let hint = "Deliver it again. What is lost is found by polling within a minute or two.";
        let problem = Problem::new("hook-unavailable", "The hook cannot be served now", detail, hint);
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, problem)
    })?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(body) = body else { return Ok(status.into_response()) };
    let kind = if status.is_success() { "application/json" } else { PROBLEM_JSON };
    Ok((status, [(header::CONTENT_TYPE, kind)], Json(body)).into_response())
}
