//! The connections: listed, shown, stored and removed.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rollcall_shared::handlers::connections::NotStored;
use rollcall_shared::handlers::lists::{self, Listed};
use rollcall_shared::handlers::removal::{Records, Removal};
use rollcall_shared::handlers::{connections, removal};
use rollcall_shared::report::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::connection_schema::ConnectionDocument;
use crate::endpoint::Endpoint;
use crate::pages::{Page, PageQuery, page};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName, JsonText};

/// A connection in a list: its document or, where somebody has edited it so that it is not valid, what is wrong with it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ListedConnection {
    /// A valid one.
    #[schema(value_type = ConnectionDocument)]
    Valid(Value),
    /// One that no job works with until it is corrected.
    Invalid(InvalidConnection),
}

/// A stored connection that is not valid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvalidConnection {
    /// Its name.
    name: String,
    /// What is wrong with it.
    problem: Problem,
}

impl From<Listed> for ListedConnection {
    fn from((name, connection): Listed) -> ListedConnection {
        match connection {
            Ok(connection) => ListedConnection::Valid(connection.document()),
            Err(error) => ListedConnection::Invalid(InvalidConnection { name, problem: error.problem() }),
        }
    }
}

/// The connections, by name
#[utoipa::path(
    get, path = "/connections", operation_id = "list_connections", tag = "connections", params(PageQuery),
    responses((status = 200, body = Page<ListedConnection>))
)]
pub(crate) async fn list(
    State(endpoint): State<Endpoint>,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<ListedConnection>>, Refusal> {
    let rows = lists::connections(&endpoint.context, query.wanted()?).await?;
    Ok(Json(page(rows, ListedConnection::from)))
}

/// A connection, with its defaults filled in
#[utoipa::path(
    get, path = "/connections/{name}", operation_id = "show_connection", tag = "connections", params(("name" = String, Path)),
    responses((status = 200, body = ConnectionDocument))
)]
pub(crate) async fn show(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(connections::find(&endpoint.context, &name).await?.document()))
}

/// Stores a connection
///
/// Nothing is stored unless all of the document is valid; every fault is told at once. A document names secrets and never
/// holds one: store them in Secrets Manager, or with `rollcall apply`.
#[utoipa::path(
    put, path = "/connections/{name}", operation_id = "store_connection", tag = "connections", params(("name" = String, Path)),
    request_body = ConnectionDocument,
    responses(
        (status = 200, description = "Stored in the place of an earlier one", body = ConnectionDocument),
        (status = 201, description = "Stored", body = ConnectionDocument,
         headers(("Location" = String, description = "The connection")))
    )
)]
pub(crate) async fn store(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    JsonText(document): JsonText,
) -> Result<Response, Refusal> {
    let stored = connections::store(&endpoint.context, &name, &document).await;
    let (connection, is_new) = stored.map_err(|error| match error {
        NotStored::Invalid(faults) => Refusal::invalid(faults),
        NotStored::Directory(error) => Refusal::from(error),
    })?;
    let document = Json(connection.document());
    Ok(match is_new {
        true => (StatusCode::CREATED, [(header::LOCATION, format!("/connections/{name}"))], document).into_response(),
        false => document.into_response(),
    })
}

/// What becomes of the records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalQuery {
    /// Whether the connection's records are deleted as well, and all that its jobs remember of the org.
    #[serde(default)]
    #[param(required = false)]
    records: bool,
}

/// Removes a connection
///
/// Its jobs are stopped. Its records stay, unless `records=true`. One whose stored document is not valid can be removed too.
/// With very many records it may take longer than one request: then the answer is 202, the connection is there for nobody any
/// more, and the same request goes on with it.
#[utoipa::path(
    delete, path = "/connections/{name}", operation_id = "remove_connection", tag = "connections", params(("name" = String, Path), RemovalQuery),
    responses(
        (status = 204, description = "The connection is gone"),
        (status = 202, description = "Not done yet: send the request again", body = Problem)
    )
)]
pub(crate) async fn remove(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    Asked(query): Asked<RemovalQuery>,
) -> Result<Response, Refusal> {
    let records = if query.records { Records::Deleted } else { Records::Kept };
    match removal::remove(&endpoint.context, &name, records, endpoint.deadline()).await? {
        Removal::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Removal::Unfinished => Ok((StatusCode::ACCEPTED, Json(unfinished(&name))).into_response()),
    }
}

fn unfinished(name: &str) -> Problem {
    let detail = format!("There was not enough time to delete everything that is kept of {name}.");
    Problem::new("removal-unfinished", "The removal is not done yet", detail, "Send the same request again.")
}
