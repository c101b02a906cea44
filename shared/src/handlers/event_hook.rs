//! Okta's event hooks: the fast path beside polling.
//!
//! Whoever receives a hook only notes whom it hints at, and wakes deprovisioning, which reads each again. So a hook that is
//! lost, comes twice or is forged costs nothing but time. Here no record is read or written, and Okta is not asked: it waits
//! three seconds for the answer at most (Okta: Event hooks).

use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::fan_out;
use crate::context::Context;
use crate::directory::DirectoryError;
use crate::error::Error;
use crate::model::{Connection, Hint, Job, RawObject};
use crate::report::Problem;

/// The header in which Okta asks for the proof that a route is meant for it.
pub const CHALLENGE: &str = "x-okta-verification-challenge";
/// The header that holds a hook's secret, as Okta names it unless told otherwise.
pub const SECRET: &str = "authorization";

/// The longest challenge that is answered: Okta's have some 40 characters.
const LONGEST_CHALLENGE: usize = 1_024;
/// The largest delivery that is read, in bytes.
const LARGEST: usize = 1_024 * 1_024;
/// Events of one delivery that are noted; polling finds the others.
const MOST_EVENTS: usize = 500;
/// Hints that are being noted beside each other: Okta waits three seconds.
const NOTED_AT_ONCE: usize = 32;
/// How long a secret is believed: a flood of deliveries must not become one of calls to the secret store.
const BELIEVED: Duration = Duration::from_secs(60);
/// A secret that does not fit may have been changed so long ago.
const CHANGED: Duration = Duration::from_secs(10);

/// What a hook is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body, where there is one: of a refusal, a problem (RFC 9457).
    pub body: Option<Value>,
}

/// Answers Okta's question, once, whether a route is meant for its hooks: the challenge comes back.
///
/// # Errors
/// When the directory cannot be read.
pub async fn verify(context: &Context, connection: &str, challenge: Option<&str>) -> Result<Answer, Error> {
    if hooked(context, connection).await?.is_none() {
        return Ok(no_hook(connection));
    }
    Ok(match challenge.filter(|challenge| !challenge.is_empty() && challenge.len() <= LONGEST_CHALLENGE) {
        Some(challenge) => Answer { status: 200, body: Some(json!({ "verification": challenge })) },
        None => {
            refused(400, "hook-challenge", "This is no verification", format!("The header {CHALLENGE} is missing."))
        }
    })
}

/// Takes in what a hook delivers: notes the hints, and wakes deprovisioning.
///
/// # Errors
/// When the directory or the secret store cannot be used; Okta then delivers once more, and polling finds it in any case.
pub async fn receive(context: &Context, connection: &str, secret: Option<&str>, body: &[u8]) -> Result<Answer, Error> {
    let Some((connection, name)) = hooked(context, connection).await? else { return Ok(no_hook(connection)) };
    if !is_known(context, &name, secret.unwrap_or_default()).await? {
        let detail = format!("The header {SECRET} does not hold the secret of this connection's hook.");
        return Ok(refused(401, "hook-secret", "The hook is not known", detail));
    }
    if body.len() > LARGEST {
        let detail = format!("The delivery has {} bytes; at most {LARGEST} are read.", body.len());
        return Ok(refused(413, "hook-size", "The delivery is too large", detail));
    }
    let Ok(Delivery { data }) = serde_json::from_slice(body) else {
        return Ok(refused(
            400,
            "hook-body",
            "This is no delivery of events",
            "The body is no JSON with `data.events`.",
        ));
    };
    let events = data.events.iter().take(MOST_EVENTS);
    let hints = events.filter_map(|event| Hint::of(&RawObject::intact(event.get())).ok().flatten());
    let hints: Vec<Hint> = hints.filter(|_| connection.enabled).collect();
    let notes: Vec<_> = hints.iter().map(|hint| context.directory.add_hint(&connection.name, hint)).collect();
    let noted: Vec<Result<(), DirectoryError>> = stream::iter(notes).buffer_unordered(NOTED_AT_ONCE).collect().await;
    // Where it cannot be started from here, the next poll is a minute away.
    if !hints.is_empty() {
        let woken = fan_out::start_other(context, Job::Deprovisioning, &connection.name).await;
        tracing::info!(connection = connection.name, events = data.events.len(), woken, "event hook");
    }
    noted.into_iter().collect::<Result<(), _>>()?;
    Ok(Answer { status: 204, body: None })
}

/// A delivery as far as it matters (Okta: Event hooks).
#[derive(Deserialize)]
struct Delivery {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    events: Vec<Box<RawValue>>,
}

/// A connection that has a hook, and the name of the hook's secret.
async fn hooked(context: &Context, name: &str) -> Result<Option<(Connection, String)>, Error> {
    let connection = context.directory.connection(name).await?;
    Ok(connection.and_then(|connection| connection.okta.event_hook.clone().map(|secret| (connection, secret))))
}

/// Whether it is the hook's secret, compared in a time that tells nothing of it.
async fn is_known(context: &Context, name: &str, given: &str) -> Result<bool, Error> {
    for age in [BELIEVED, CHANGED] {
        let secret = context.secrets.recent_text(name, age).await?;
        if bool::from(secret.as_bytes().ct_eq(given.as_bytes())) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn no_hook(connection: &str) -> Answer {
    let detail = format!("There is no connection named {connection:?} with an event hook.");
    refused(404, "unknown-hook", "There is no such hook", detail)
}

fn refused(status: u16, slug: &str, title: &str, detail: impl Into<String>) -> Answer {
    let hint = "The README says how an event hook is set up, under \"Event hooks\".";
    let problem = Problem::new(slug, title, detail, hint).with_status(status);
    Answer { status, body: Some(json!(problem)) }
}
