//! Lambda's own API, of which there is one call: `Invoke`.

use std::io;
use std::sync::{Arc, OnceLock, Weak};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::Server;
use super::function::Deployed;

/// The function that the API serves, once it is deployed: its environment names the API.
pub(super) type Served = Arc<OnceLock<Weak<Deployed>>>;

pub(super) async fn start(function: Served) -> io::Result<Server> {
    let router = Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(function);
    Server::start(router).await
}

async fn invoke(State(function): State<Served>, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(function) = function.get().and_then(Weak::upgrade).filter(|function| function.name == name) else {
        let message = format!("Function not found: {name}");
        return refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    };
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequestContentException", "Could not parse request body.");
    };
    let kind = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind.unwrap_or("RequestResponse") {
        "Event" => {
            function.enqueue(event);
            StatusCode::ACCEPTED.into_response()
        }
        "RequestResponse" => match function.run(event).await {
            Ok(answer) => answer.to_string().into_response(),
            Err(error) => {
                let headers = [("x-amz-function-error", "Unhandled")];
                (headers, json!(error).to_string()).into_response()
            }
        },
        other => refuse(StatusCode::BAD_REQUEST, "InvalidParameterValueException", other),
    }
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], json!({ "Type": "User", "Message": message }).to_string()).into_response()
}
