//! A small Secrets Manager: as much of its API as the functions and the command use.
//!
//! It speaks `GetSecretValue`, `CreateSecret`, `PutSecretValue` and `DescribeSecret` on a free port of the
//! loopback interface, to whoever knows the key in its URL, and keeps what it is given in a `store`. It never
//! logs a value.

mod store;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::key::{Key, admit};
use store::{Refusal, Secret, Stage, Store, Version};

/// A running secrets endpoint. Dropping it stops it.
pub struct SecretsEndpoint {
    url: String,
    server: JoinHandle<()>,
}

impl SecretsEndpoint {
    /// Serves the secrets kept in `file`, which is created, for its owner's eyes only, when it is not there.
    pub async fn open(file: &Path) -> io::Result<SecretsEndpoint> {
        SecretsEndpoint::serve(Store::open(file)?).await
    }

    /// Serves secrets that live as long as this value.
    pub async fn in_memory() -> io::Result<SecretsEndpoint> {
        SecretsEndpoint::serve(Store::in_memory()).await
    }

    /// The endpoint's URL, without a trailing slash. It has the key in it, and is not to be shown.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn serve(store: Store) -> io::Result<SecretsEndpoint> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let key = Key::new()?;
        let url = key.url(listener.local_addr()?);
        // Without this option a small answer waits for the client's delayed acknowledgement.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let router = Router::new().route("/{key}", post(answer)).route("/{key}/", post(answer));
        let router =
            router.route_layer(middleware::from_fn_with_state(key, admit)).with_state(Arc::new(Mutex::new(store)));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the secrets endpoint stopped");
            }
        });
        Ok(SecretsEndpoint { url, server })
    }
}

impl Drop for SecretsEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The parts of a request that are looked at. It has no `Debug`, because it holds a value.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    secret_id: String,
    name: String,
    secret_string: Option<String>,
    client_request_token: Option<String>,
    version_id: Option<String>,
    version_stage: Option<String>,
}

async fn answer(State(store): State<Arc<Mutex<Store>>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("secretsmanager.").unwrap_or(target);
    // A poisoned lock means a panic in another request; the store changes its map only after its file.
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = serde_json::from_slice(&body)
        .map_err(|_| Refusal::new("SerializationException", "The request's body is not JSON."))
        .and_then(|request| perform(&mut store, operation, request));
    match answer {
        Ok(body) => respond(StatusCode::OK, &body),
        Err(refusal) => respond(refusal.status(), &json!({"__type": refusal.kind, "Message": refusal.message})),
    }
}

fn respond(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], body.to_string()).into_response()
}

fn perform(store: &mut Store, operation: &str, request: Request) -> Result<Value, Refusal> {
    match operation {
        "GetSecretValue" => get(store, &request),
        "DescribeSecret" => {
            let (name, secret) = store.secret(&request.secret_id)?;
            Ok(described(name, secret))
        }
        "CreateSecret" => {
            let (id, value) = version(request.client_request_token, request.secret_string)?;
            let version = store.create(&request.name, id, value)?;
            Ok(stored(&request.name, &version))
        }
        "PutSecretValue" => {
            let name = store.secret(&request.secret_id)?.0.to_owned();
            let (id, value) = version(request.client_request_token, request.secret_string)?;
            let version = store.put(&name, id, value)?;
            Ok(stored(&name, &version))
        }
        _ => Err(Refusal::new("UnknownOperationException", "This endpoint does not know the operation.")),
    }
}

fn get(store: &Store, request: &Request) -> Result<Value, Refusal> {
    let (name, secret) = store.secret(&request.secret_id)?;
    let (version, stage) = secret
        .version(request.version_id.as_deref(), request.version_stage.as_deref())
        .ok_or_else(|| Refusal::new("ResourceNotFoundException", store::NO_SUCH_VERSION))?;
    Ok(json!({
        "ARN": store::arn(name), "Name": name, "VersionId": version.id, "SecretString": version.value,
        "VersionStages": [stage.name()], "CreatedDate": version.created,
    }))
}

/// The new version's id and value; SDKs always send the id, as the token that makes a repeated request harmless.
fn version(token: Option<String>, value: Option<String>) -> Result<(String, String), Refusal> {
    let value =
        value.ok_or_else(|| Refusal::new("InvalidParameterException", "Only secrets with a SecretString are kept."))?;
    let id = token.unwrap_or_else(|| format!("version-{:032x}", jiff::Timestamp::now().as_nanosecond()));
    Ok((id, value))
}

fn stored(name: &str, version: &Version) -> Value {
    json!({"ARN": store::arn(name), "Name": name, "VersionId": version.id, "VersionStages": [Stage::Current.name()]})
}

fn described(name: &str, secret: &Secret) -> Value {
    let stages: serde_json::Map<String, Value> =
        secret.versions().map(|(version, stage)| (version.id.clone(), json!([stage.name()]))).collect();
    json!({
        "ARN": store::arn(name), "Name": name, "CreatedDate": secret.created,
        "LastChangedDate": secret.current.created, "VersionIdsToStages": stages,
    })
}

#[cfg(test)]
mod tests;
