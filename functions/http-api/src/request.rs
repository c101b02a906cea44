//! What is read of a request. Whatever cannot be read is refused as a problem, never in axum's own words alone.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use rollcall_shared::model::{Job, is_name};
use rollcall_shared::report::Problem;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;
/// A run's id is a ULID, which has so many letters and digits.
const RUN_ID: usize = 26;

/// The name of a connection in the path; what cannot be one is the name of none.
#[derive(Debug)]
pub(crate) struct ConnectionName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for ConnectionName {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<ConnectionName, Refusal> {
        #[derive(serde::Deserialize)]
        struct Named {
            name: String,
        }
        let Path(Named { name }) = path(parts, state).await?;
        if is_name(&name) { Ok(ConnectionName(name)) } else { Err(no_connection(&name)) }
    }
}

/// That there is no connection of a name.
pub(crate) fn no_connection(name: &str) -> Refusal {
    Refusal::not_found("unknown-connection", format!("There is no connection named {name:?}."))
}

/// The id of a run in the path; what cannot be one is the id of none.
#[derive(Debug)]
pub(crate) struct RunId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for RunId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<RunId, Refusal> {
        let Path(id): Path<String> = path(parts, state).await?;
        if id.len() == RUN_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(RunId(id));
        }
        Err(Refusal::not_found("unknown-run", format!("There is no run {id:?}.")))
    }
}

/// A job in the path.
#[derive(Debug)]
pub(crate) struct JobName(pub(crate) Job);

impl<S: Send + Sync> FromRequestParts<S> for JobName {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<JobName, Refusal> {
        #[derive(serde::Deserialize)]
        struct Named {
            job: String,
        }
        let Path(Named { job }) = path(parts, state).await?;
        let known = Job::ALL.into_iter().find(|known| known.name() == job);
        known.map(JobName).ok_or_else(|| {
            let names = Job::ALL.map(Job::name).join(", ");
            Refusal::not_found("unknown-job", format!("There is no job {job:?}; the jobs are {names}."))
        })
    }
}

/// A mapping's name in the path.
#[derive(Debug)]
pub(crate) struct MappingName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for MappingName {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<MappingName, Refusal> {
        #[derive(serde::Deserialize)]
        struct Named {
            mapping: String,
        }
        let Path(Named { mapping }) = path(parts, state).await?;
        Ok(MappingName(mapping))
    }
}

async fn path<T: DeserializeOwned + Send, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Path<T>, Refusal> {
    Path::from_request_parts(parts, state).await.map_err(|rejection| Refusal::bad_request(rejection.body_text()))
}

/// What stands behind the question mark; unknown names are refused, for they were meant to say something.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<T>, Refusal> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            Refusal::bad_request(format!("The query cannot be read: {}.", rejection.body_text()))
        })?;
        Ok(Asked(asked))
    }
}

/// The header `Idempotency-Key`.
#[derive(Debug)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IdempotencyKey, Refusal> {
        let Some(key) = parts.headers.get("idempotency-key") else { return Ok(IdempotencyKey(None)) };
        let key = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
        let Some(key) = key else {
            let detail = format!("Idempotency-Key has to have 1 to {LONGEST_KEY} visible characters of ASCII.");
            return Err(Refusal::bad_request(detail));
        };
        Ok(IdempotencyKey(Some(key.to_owned())))
    }
}

/// A body of JSON, as text: what it says is for its reader.
#[derive(Debug)]
pub(crate) struct JsonText(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<JsonText, Refusal> {
        require_json(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        json_text(bytes).map(JsonText)
    }
}

/// A body of JSON, or none.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<OptionalJson<T>, Refusal> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        if bytes.is_empty() {
            return Ok(OptionalJson(None));
        }
        require_json(&headers)?;
        let text = json_text(bytes)?;
        let read = serde_json::from_str(without_mark(&text));
        read.map(|read| OptionalJson(Some(read)))
            .map_err(|error| Refusal::bad_request(format!("The body cannot be read: {error}.")))
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_json(headers) {
        return Ok(());
    }
    let problem = Problem::new(
        "media-type",
        "The body is not JSON",
        "The header Content-Type does not say that the body is JSON.",
        "Send `Content-Type: application/json`.",
    );
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
}

fn json_text(bytes: Bytes) -> Result<String, Refusal> {
    let text = String::from_utf8(bytes.into()).map_err(|_| Refusal::bad_request("The body is not UTF-8."))?;
    serde_json::from_str::<serde::de::IgnoredAny>(without_mark(&text))
        .map_err(|error| Refusal::bad_request(format!("The body is not JSON: {error}.")))?;
    Ok(text)
}

/// The text without its byte order mark, which comes from some editors.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A body that was not read to its end: too large, or broken off.
pub(crate) fn unread(rejection: BytesRejection) -> Refusal {
    if let BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) = rejection {
        let detail = "The body is larger than what is read here: 256 KiB of a document, 1 MiB of a hook's delivery.";
        let problem = Problem::new("too-large", "The body is too large", detail, "Send less.");
        return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, problem);
    }
    Refusal::bad_request(rejection.body_text())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}
