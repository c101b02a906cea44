//! The Runtime API that one process polls (AWS: "Using the Lambda runtime API for custom runtimes").

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::{Mutex, mpsc};

use super::{FunctionError, Server};

/// Answers may be this large.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

/// An event on its way to the process.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) request: String,
    pub(super) payload: Vec<u8>,
    /// Milliseconds since 1970.
    pub(super) deadline: u64,
    pub(super) arn: String,
}

/// What the process tells.
#[derive(Debug)]
pub(super) enum Report {
    /// It asks for an event.
    Ready,
    /// It could not start.
    InitError(FunctionError),
    /// An invocation's answer.
    Answer { request: String, answer: Result<Bytes, FunctionError> },
}

/// One process's Runtime API.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) server: Server,
    pub(super) events: mpsc::UnboundedSender<Event>,
    pub(super) reports: mpsc::UnboundedReceiver<Report>,
}

struct Ends {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    reports: mpsc::UnboundedSender<Report>,
}

impl RuntimeApi {
    pub(super) async fn start() -> io::Result<RuntimeApi> {
        let (events, to_process) = mpsc::unbounded_channel();
        let (from_process, reports) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(LARGEST_ANSWER))
            .with_state(Arc::new(Ends { events: Mutex::new(to_process), reports: from_process }));
        Ok(RuntimeApi { server: Server::start(router).await?, events, reports })
    }
}

async fn next(State(ends): State<Arc<Ends>>) -> Response {
    let _ = ends.reports.send(Report::Ready);
    let Some(event) = ends.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", event.request.clone()),
        ("lambda-runtime-deadline-ms", event.deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", event.arn),
        ("lambda-runtime-trace-id", format!("Root=1-00000000-{};Sampled=0", event.request.replace('-', ""))),
        (CONTENT_TYPE.as_str(), "application/json".to_owned()),
    ];
    (headers, event.payload).into_response()
}

async fn response(State(ends): State<Arc<Ends>>, Path(request): Path<String>, body: Bytes) -> Response {
    report(&ends, Report::Answer { request, answer: Ok(body) })
}

async fn error(State(ends): State<Arc<Ends>>, Path(request): Path<String>, body: Bytes) -> Response {
    report(&ends, Report::Answer { request, answer: Err(read_error(&body)) })
}

async fn init_error(State(ends): State<Arc<Ends>>, body: Bytes) -> Response {
    report(&ends, Report::InitError(read_error(&body)))
}

fn report(ends: &Ends, report: Report) -> Response {
    let _ = ends.reports.send(report);
    (StatusCode::ACCEPTED, r#"{"status":"OK"}"#).into_response()
}

fn read_error(body: &[u8]) -> FunctionError {
    let unreadable = || FunctionError::new("Runtime.Unknown", String::from_utf8_lossy(body));
    serde_json::from_slice(body).unwrap_or_else(|_| unreadable())
}
