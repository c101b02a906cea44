//! The records of a mapping.

use axum::Json;
use axum::extract::State;
use rollcall_shared::handlers::lists;
use rollcall_shared::model::Record;

use crate::endpoint::Endpoint;
use crate::pages::{Page, PageQuery, page};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName, MappingName};

/// The records of a mapping
///
/// In an order that does not change: whoever follows `next` to the end meets every record that was there all the while once.
#[utoipa::path(
    get, path = "/connections/{name}/records/{mapping}", operation_id = "list_records", tag = "records",
    params(("name" = String, Path), ("mapping" = String, Path), PageQuery),
    responses((status = 200, body = Page<Record>))
)]
pub(crate) async fn list(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    MappingName(mapping): MappingName,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<Page<Record>>, Refusal> {
    let rows = lists::records(&endpoint.context, (&name, &mapping), query.wanted()?).await?;
    Ok(Json(page(rows, |record| record)))
}
