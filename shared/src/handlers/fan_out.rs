//! A trigger without a connection: one asynchronous invocation for each, so that no connection waits for another.

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use futures::stream::{self, StreamExt};

use super::due::{self, Due, Found};
use super::{Event, Response};
use crate::clock;
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::model::{DAY, Job};
use crate::report::Problem;
use crate::telemetry::metrics;

/// Invocations that are being started beside each other.
const STARTS_AT_ONCE: usize = 8;

/// Connections that are being looked at beside each other.
const LOOKS_AT_ONCE: usize = 16;

/// Starts an invocation of this function for every connection of which the job is due, the longest unserved first; of the
/// full import's where the job has none to follow.
///
/// # Errors
/// When the connections cannot be listed, or some invocations could not be started; the others were all the same.
pub(crate) async fn fan_out(context: &Context, job: Job) -> Result<Response, Error> {
    let now = clock::now();
    let connections = context.directory.connections().await?;
    let looks = connections.into_iter().map(|connection| due::look(context, job, connection, now));
    let found: Vec<Found> = stream::iter(looks).buffer_unordered(LOOKS_AT_ONCE).collect().await;
    measure(job, &found);
    let mut due: Vec<Due> = found.into_iter().filter_map(|found| found.due).collect();
    due.sort();
    // Outside of Lambda one process runs every job, and knows each by its name.
    let own = context.functions.own.as_deref().or(context.functions.of(job));
    let starts = due.into_iter().map(|due| async move {
        let function = if due.job == job { own } else { context.functions.of(due.job) };
        let event = Event { connection: Some(due.connection.clone()), ..Event::default() };
        (due.connection, start(context, function, &event).await)
    });
    let results: Vec<(String, Result<(), Error>)> = stream::iter(starts).buffered(STARTS_AT_ONCE).collect().await;
    let mut started = Vec::new();
    let mut failure = None;
    for (name, result) in results {
        match result {
            Ok(()) => started.push(name),
            Err(error) => {
                tracing::error!(connection = name, "could not start: {error}");
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(Response::Started(started)), Err)
}

/// Measures how the connections stand.
fn measure(job: Job, found: &[Found]) {
    metrics::looked_at(job, found.iter().filter(|found| found.is_overdue).count() as u64);
    if job == Job::Deprovisioning {
        let longest = found.iter().filter_map(|found| found.idle_token).max().unwrap_or_default();
        metrics::longest_idle_token(longest.as_secs() / DAY.as_secs());
    }
}

/// Starts another job of a connection, where its function is known; whether it was started. That it was not is logged, and
/// for the caller to tell.
pub(crate) async fn start_other(context: &Context, job: Job, connection: &str) -> bool {
    let Some(function) = context.functions.of(job) else { return false };
    let event = Event { connection: Some(connection.to_owned()), ..Event::default() };
    let started = start(context, Some(function), &event).await;
    started.inspect_err(|error| tracing::warn!(%error, connection, job = job.name(), "not started")).is_ok()
}

/// Starts an invocation of a function, this one as a rule, without waiting for it.
///
/// # Errors
/// Fatal outside of Lambda, or when the event cannot be written as JSON; retryable when Lambda refuses.
pub(crate) async fn start(context: &Context, function: Option<&str>, event: &Event) -> Result<(), Error> {
    let Some(function) = function else {
        let problem = Problem::new(
            "no-function",
            "There is no function to invoke",
            "Only a Lambda function can start further invocations of itself.",
            "Name a connection.",
        );
        return Err(Error::Problem(problem, Fate::Fatal));
    };
    let payload = serde_json::to_vec(event).map_err(unwritable)?;
    let request = context.lambda.invoke().function_name(function).invocation_type(InvocationType::Event);
    request.payload(Blob::new(payload)).send().await.map(drop).map_err(|error| {
        let problem = Problem::new(
            "invoke",
            "Lambda did not start a further invocation",
            format!("Invoking {function} failed: {}", why(&error)),
            "The next trigger resumes. Check that the function's role may invoke the function itself.",
        );
        Error::Problem(problem, Fate::Retryable)
    })
}

/// What Lambda says, or what kept it from saying anything.
fn why(error: &SdkError<InvokeError>) -> String {
    match error.as_service_error() {
        Some(said) => {
            format!("{}, {}", said.code().unwrap_or("an error"), said.message().unwrap_or("without a reason"))
        }
        None => std::iter::successors(std::error::Error::source(error), |cause| cause.source())
            .fold(error.to_string(), |text, cause| format!("{text}: {cause}")),
    }
}

/// An event that cannot be written down is a fault of ours; an empty one would start every connection.
fn unwritable(error: serde_json::Error) -> Error {
    let detail = format!("The event of a further invocation could not be written down: {error}.");
    let hint = "Report this to Rollcall's developers.";
    Error::Problem(Problem::new("event", "A further invocation could not be asked for", detail, hint), Fate::Fatal)
}
