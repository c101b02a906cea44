//! A trigger without a connection: one asynchronous invocation for each, so that no connection waits for another.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use futures::stream::{self, StreamExt};

use super::{Event, Response};
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::model::{Connection, Job};
use crate::report::Problem;

/// Invocations that are being started beside each other.
const STARTS_AT_ONCE: usize = 8;

/// Starts an invocation for every enabled connection whose schedule is not off, the longest unserved first.
///
/// # Errors
/// When the connections cannot be listed, or some invocations could not be started; the others were all the same.
pub(crate) async fn fan_out(context: &Context) -> Result<Response, Error> {
    let mut due = Vec::new();
    for (name, connection) in context.directory.connections().await? {
        match connection {
            Ok(connection) if !connection.enabled || is_off(&connection, Job::FullImport) => {}
            // An invalid one is started too: its own run says what is wrong, and alarms.
            Ok(_) | Err(_) => {
                // One whose state cannot be read is started as well, first: it delays no other.
                let state = context.directory.connection_state(&name).await.unwrap_or_default();
                due.push((state.last_complete.map(|import| import.t0), name));
            }
        }
    }
    due.sort();
    let starts = due.into_iter().map(|(_, name)| async move {
        let event = Event { connection: Some(name.clone()), ..Event::default() };
        (name, start(context, &event).await)
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

/// Whether the connection wants no runs of a job but those that name it.
fn is_off(connection: &Connection, job: Job) -> bool {
    connection.schedules.get(&job).is_some_and(|schedule| schedule == "off")
}

/// Starts a further invocation of this function, without waiting for it.
///
/// # Errors
/// Fatal outside of Lambda; retryable when Lambda refuses.
pub(crate) async fn start(context: &Context, event: &Event) -> Result<(), Error> {
    let Some(function) = &context.function else {
        let problem = Problem::new(
            "no-function",
            "There is no function to invoke",
            "Only a Lambda function can start further invocations of itself.",
            "Name a connection.",
        );
        return Err(Error::Problem(problem, Fate::Fatal));
    };
    let payload = serde_json::to_vec(event).unwrap_or_default();
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
