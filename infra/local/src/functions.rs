//! The Lambda functions of a deployment, on one machine: the same handlers, each invocation a task of this process, and as
//! much of Lambda's API as they invoke each other by.
//!
//! A function is called as in AWS. Only asynchronous invocations are taken, and only from whoever knows the
//! key in the endpoint's URL. An invocation that panics ends alone; its run is taken up later.

use std::io;
use std::net::Ipv4Addr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Router, middleware};
use futures::FutureExt;
use rollcall_shared::handlers::{
    self, Event, delta_sync, deprovisioning, device_collection, full_import, service_discovery,
};
use rollcall_shared::model::Job;
use rollcall_shared::{Context, Error};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::key::{Key, admit};
use crate::stack::function;

/// Hands an event to the handler of a job.
///
/// # Errors
/// As the handler says.
pub async fn handle(context: &Context, job: Job, event: Event) -> Result<handlers::Response, Error> {
    // Boxed: a run is futures within futures, deeper than the compiler follows in one type.
    match job {
        Job::FullImport => Box::pin(full_import::handle(context, event)).await,
        Job::DeltaSync => Box::pin(delta_sync::handle(context, event)).await,
        Job::Deprovisioning => Box::pin(deprovisioning::handle(context, event)).await,
        Job::DeviceCollection => Box::pin(device_collection::handle(context, event)).await,
        Job::ServiceDiscovery => Box::pin(service_discovery::handle(context, event)).await,
    }
}

/// The invocations of this process's functions.
#[derive(Clone)]
pub(crate) struct Invocations {
    context: Context,
    tasks: Arc<Mutex<Option<JoinSet<()>>>>,
}

impl Invocations {
    /// Invokes a job's function without waiting; false when the functions have been stopped.
    pub(crate) fn start(&self, job: Job, event: Event) -> bool {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tasks) = tasks.as_mut() else { return false };
        // The ends of those that ended are of no further use: what went wrong has been logged.
        while tasks.try_join_next().is_some() {}
        let context = self.context.clone();
        tasks.spawn(async move { invoke(&context, job, event).await });
        true
    }

    /// How many invocations are under way.
    pub(crate) fn under_way(&self) -> usize {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.as_mut().map_or(0, |tasks| {
            while tasks.try_join_next().is_some() {}
            tasks.len()
        })
    }

    /// Starts nothing more, asks the runs to stop where they can be taken up, waits for them for so long, and drops those
    /// that are still at work then, which a run survives.
    pub(crate) async fn stop(&self, within: Duration) {
        self.context.halt.ask();
        let taken = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut tasks) = taken else { return };
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, ended).await.is_err() {
            tasks.shutdown().await;
        }
    }
}

async fn invoke(context: &Context, job: Job, event: Event) {
    let connection = event.connection.clone().unwrap_or_else(|| "all connections".to_owned());
    let what = format!("{} of {connection}", job.name());
    match withstood(handle(context, job, event)).await {
        Some(Ok(_)) => {}
        Some(Err(error)) => tracing::error!("{what}: {error}"),
        None => tracing::error!(
            "{what} broke down (see above): please report it. Its run is taken up when its lease has lapsed."
        ),
    }
}

/// What work comes to; `None` when it panicked.
async fn withstood<T>(work: impl Future<Output = T>) -> Option<T> {
    // Nothing of the work is used after a panic.
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

/// The endpoint by which functions are invoked. Dropping it stops it.
pub(crate) struct FunctionsEndpoint {
    pub(crate) invocations: Invocations,
    server: JoinHandle<()>,
}

/// The endpoint before its functions know of it.
pub(crate) struct Bound {
    listener: TcpListener,
    key: Key,
    /// Its URL, with its key.
    pub(crate) url: String,
}

impl Bound {
    /// Takes a free port of the loopback interface.
    ///
    /// # Errors
    /// When none is to be had.
    pub(crate) async fn bind() -> io::Result<Bound> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let key = Key::new()?;
        let url = key.url(listener.local_addr()?);
        Ok(Bound { listener, key, url })
    }

    /// Serves the functions, which work with this context.
    pub(crate) fn serve(self, context: Context) -> FunctionsEndpoint {
        let invocations = Invocations { context, tasks: Arc::new(Mutex::new(Some(JoinSet::new()))) };
        // Without this option a small answer waits for the client's delayed acknowledgement.
        let listener = self.listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let router = Router::new().route("/{key}/2015-03-31/functions/{name}/invocations", post(answer));
        let router =
            router.route_layer(middleware::from_fn_with_state(self.key, admit)).with_state(invocations.clone());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the Lambda endpoint stopped");
            }
        });
        FunctionsEndpoint { invocations, server }
    }
}

impl Drop for FunctionsEndpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(invocations): State<Invocations>,
    Path((_, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(job) = Job::ALL.into_iter().find(|job| function(*job) == name) else {
        return refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}"));
    };
    let Ok(event) = serde_json::from_slice::<Event>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequestContentException", "The event is none of a job's.");
    };
    if headers.get("x-amz-invocation-type").is_none_or(|kind| kind != "Event") {
        let message = "Only asynchronous invocations are taken here.";
        return refuse(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    }
    match invocations.start(job, event) {
        true => StatusCode::ACCEPTED.into_response(),
        false => refuse(StatusCode::CONFLICT, "ResourceConflictException", "The process is about to end."),
    }
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], json!({ "Type": "User", "Message": message }).to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::withstood;

    #[tokio::test]
    async fn an_invocation_that_panics_ends_alone() {
        assert_eq!(withstood(async { 1 }).await, Some(1));
        assert_eq!(
            withstood(async {
                if true {
                    panic!("on purpose")
                }
            })
            .await,
            None
        );
    }
}
