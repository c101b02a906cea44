//! What did not sync, and why: as JSON, or as a spreadsheet.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use rollcall_shared::csv::Csv;
use rollcall_shared::handlers::lists;
use rollcall_shared::model::UnsyncedRow;

use crate::endpoint::Endpoint;
use crate::pages::{MOST, Page, PageQuery, page};
use crate::refusal::Refusal;
use crate::request::{Asked, ConnectionName};

/// What did not sync, and why
///
/// As comma-separated values where `Accept` prefers `text/csv` to JSON.
#[utoipa::path(
    get, path = "/connections/{name}/unsynced", operation_id = "list_unsynced", tag = "records", params(("name" = String, Path), PageQuery),
    responses((status = 200, content((Page<UnsyncedRow> = "application/json"), (String = "text/csv")),
               headers(("Link" = Option<String>, description = "Of CSV: the next page, with rel=\"next\", if there is one"))))
)]
pub(crate) async fn list(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    Asked(query): Asked<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let wants_csv = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(prefers_csv);
    if wants_csv {
        return spreadsheet(&endpoint, &name, query).await;
    }
    Ok(Json(rows(&endpoint, &name, &query).await?).into_response())
}

/// The same as comma-separated values
#[utoipa::path(
    get, path = "/connections/{name}/unsynced.csv", operation_id = "export_unsynced", tag = "records", params(("name" = String, Path), PageQuery),
    responses((status = 200, body = String, content_type = "text/csv",
               headers(("Link" = Option<String>, description = "The next page, with rel=\"next\", if there is one"))))
)]
pub(crate) async fn csv(
    State(endpoint): State<Endpoint>,
    ConnectionName(name): ConnectionName,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, Refusal> {
    spreadsheet(&endpoint, &name, query).await
}

async fn rows(endpoint: &Endpoint, name: &str, query: &PageQuery) -> Result<Page<UnsyncedRow>, Refusal> {
    let rows = lists::unsynced(&endpoint.context, name, query.wanted()?).await?;
    Ok(page(rows, |row| row))
}

/// A page as a spreadsheet opens it; as long a page as there can be unless a length was asked for.
async fn spreadsheet(endpoint: &Endpoint, name: &str, query: PageQuery) -> Result<Response, Refusal> {
    let query = PageQuery { limit: query.limit.or(Some(MOST)), ..query };
    let Page { items, next } = rows(endpoint, name, &query).await?;
    let text = values(&items).map_err(|error| Refusal::bad_request(error.to_string()))?;
    let disposition = format!("attachment; filename=\"{name}-unsynced.csv\"");
    let kind = "text/csv; charset=utf-8; header=present".to_owned();
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)];
    let limit = query.limit.unwrap_or(MOST);
    let link = next.map(|next| {
        [(header::LINK, format!("</connections/{name}/unsynced.csv?limit={limit}&cursor={next}>; rel=\"next\""))]
    });
    Ok((headers, link.map_or_else(HeaderMap::new, |link| link.into_iter().filter_map(header_of).collect()), text)
        .into_response())
}

fn header_of((name, value): (header::HeaderName, String)) -> Option<(header::HeaderName, header::HeaderValue)> {
    Some((name, value.parse().ok()?))
}

fn values(rows: &[UnsyncedRow]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut csv = Csv::unsynced(&mut text)?;
    rows.iter().try_for_each(|row| csv.unsynced_row(row))?;
    csv.end()?;
    Ok(text)
}

/// Whether a header `Accept` prefers comma-separated values to JSON (RFC 9110, 12.5.1). Who does not care gets JSON.
fn prefers_csv(accept: &str) -> bool {
    let quality = |kinds: [&str; 2]| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next()?;
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok());
            kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)).then_some(quality.unwrap_or(0.0_f32))
        });
        ranges.fold(0.0, f32::max)
    };
    let any = quality(["*/*", "*/*"]);
    quality(["text/csv", "text/*"]) > quality(["application/json", "application/*"]).max(any.min(0.999))
}

#[cfg(test)]
mod tests {
    use super::prefers_csv;

    #[test]
    fn a_spreadsheet_is_for_those_who_ask_for_one() {
        for accept in ["text/csv", "text/csv, application/json;q=0.5", "TEXT/CSV; q=0.9", "text/csv, */*"] {
            assert!(prefers_csv(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/csv",
            "text/csv;q=0",
            "text/csv;q=0.4, application/json",
        ] {
            assert!(!prefers_csv(accept), "{accept}");
        }
    }
}
