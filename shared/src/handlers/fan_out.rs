//! A trigger without a connection: one asynchronous invocation for each, so that no connection waits for another.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use futures::stream::{self, StreamExt};

use super::{Event, Response};
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::model::{Connection, Job, Schedule, Time};
use crate::report::Problem;

/// Invocations that are being started beside each other.
const STARTS_AT_ONCE: usize = 8;

/// Starts an invocation of this function for every enabled connection whose schedule of the job is not off, the longest
/// unserved first.
///
/// # Errors
/// When the connections cannot be listed, or some invocations could not be started; the others were all the same.
pub(crate) async fn fan_out(context: &Context, job: Job) -> Result<Response, Error> {
    let mut due = Vec::new();
    for (name, connection) in context.directory.connections().await? {
        match connection {
            Ok(connection) if !connection.enabled || is_off(&connection, job) => {}
            // An invalid one is started too: its own run says what is wrong, and alarms.
            Ok(_) | Err(_) => {
                due.push((last_served(context, &name, job).await, name));
            }
        }
    }
    due.sort();
    // Outside of Lambda one process runs every job, and knows each by its name.
    let function = context.functions.own.as_deref().or(context.functions.of(job));
    let starts = due.into_iter().map(|(_, name)| async move {
        let event = Event { connection: Some(name.clone()), ..Event::default() };
        (name, start(context, function, &event).await)
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

/// Up to when a job has served a connection. One whose state cannot be read is started as well, first, like one
/// that never was: it delays no other, and its own run says what is wrong.
async fn last_served(context: &Context, connection: &str, job: Job) -> Option<Time> {
    match context.directory.connection_state(connection).await {
        Ok(state) if job == Job::DeltaSync => state.watermark,
        Ok(state) => state.last_complete.map(|import| import.t0),
        Err(error) => {
            tracing::warn!(connection, %error, "the connection's state could not be read");
            None
        }
    }
}

/// Whether the connection wants no runs of a job but those that name it.
fn is_off(connection: &Connection, job: Job) -> bool {
    connection.schedules.get(&job).is_some_and(Schedule::is_off)
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
            format!("Invoking {function} failed: {}", aws_sdk_lambda::error::DisplayErrorContext(error)),
            "The next trigger resumes. Check that the function's role may invoke the function itself.",
        );
        Error::Problem(problem, Fate::Retryable)
    })
}

/// An event that cannot be written down is a fault of ours; an empty one would start every connection.
fn unwritable(error: serde_json::Error) -> Error {
    let detail = format!("The event of a further invocation could not be written down: {error}.");
    let hint = "Report this to Rollcall's developers.";
    Error::Problem(Problem::new("event", "A further invocation could not be asked for", detail, hint), Fate::Fatal)
}
