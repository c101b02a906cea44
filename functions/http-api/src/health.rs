//! Whether the endpoint is there, and what it can be asked.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// That the endpoint is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// That the endpoint is there
///
/// Nothing else is looked at: whether an org can be read says POST /connections/{name}/verify.
#[utoipa::path(get, path = "/health", tag = "endpoint", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// This description (OpenAPI 3.1)
#[utoipa::path(get, path = "/openapi.json", tag = "endpoint", responses((status = 200, body = Object)))]
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], crate::document()).into_response()
}
