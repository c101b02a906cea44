//! What every request goes through, whatever it asks for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Response};
use tokio::time::Instant;

use super::answer::{Answer, RateHeaders};
use super::ask::{self, Ask};
use super::rate::{Permit, bucket_of};
use super::wire::Wire;
use super::{
    Shared, apps, assurances, control, devices, groups, lock, logs, oauth, organization, response, spoil, users,
};
use crate::call::Call;
use crate::fault::FaultKind;
use crate::org::Org;
use crate::role::Role;

/// The longest path and query taken: it comes back in `Link`, and headers have their bounds.
const LONGEST: usize = 8 * 1024;

/// The largest body taken: a request for an access token has some thousand bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// Answers one request.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response<Body> {
    if request.uri().path().starts_with("/sim/") {
        return control::handle(&shared, request).await;
    }
    let (request, body) = request.into_parts();
    let number = note(&shared, &request);
    let _in_flight = InFlight::enter(&shared);
    // A body that does not arrive is one that says nothing.
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let verdict = decide(&shared, &request, &body);
    tokio::time::sleep(shared.options.latency + verdict.delay).await;
    match verdict.fate {
        Fate::Answered => {
            lock(&shared.calls).set_status(number, verdict.answer.status);
            response::respond(&shared, verdict.answer, verdict.permit)
        }
        Fate::Truncated => {
            lock(&shared.calls).set_status(number, verdict.answer.status);
            response::truncate(response::respond(&shared, verdict.answer, verdict.permit)).await
        }
        Fate::Dropped => {
            wire.cut();
            Response::default()
        }
        Fate::Hanging => std::future::pending().await,
    }
}

/// What is to become of a request.
struct Verdict {
    answer: Answer,
    fate: Fate,
    delay: Duration,
    permit: Option<Permit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Truncated,
    Dropped,
    Hanging,
}

/// Counts the requests being worked on, for the concurrency limit.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        shared.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn note(shared: &Shared, request: &Parts) -> usize {
    let headers = &request.headers;
    let call = Call {
        at: Instant::now().into_std(),
        bucket: bucket_of(&ask::segments(request.uri.path())).unwrap_or_default(),
        path_and_query: path_and_query(request).to_owned(),
        status: 0,
        retry: headers.contains_key("x-okta-retry-count") || headers.contains_key("x-okta-retry-for"),
    };
    lock(&shared.calls).add(call)
}

fn path_and_query(request: &Parts) -> &str {
    let uri = &request.uri;
    uri.path_and_query().map_or(uri.path(), |whole| whole.as_str())
}

/// Limits first, then faults, then the credential, then the endpoint.
fn decide(shared: &Shared, request: &Parts, body: &[u8]) -> Verdict {
    let segments = ask::segments(request.uri.path());
    let mut org = lock(&shared.org);
    let bucket = bucket_of(&segments);
    if shared.in_flight.load(Ordering::Relaxed) > shared.options.max_concurrent {
        let permit = bucket.map(|_| concurrency_permit(&org));
        return Verdict::of(Answer::too_many(RateHeaders::Zero), permit);
    }
    let permit = bucket.map(|bucket| lock(&shared.windows).take(bucket, Instant::now(), org.now()));
    if permit.is_some_and(|permit| !permit.admitted) {
        return Verdict::of(Answer::too_many(RateHeaders::Exhausted), permit);
    }
    if path_and_query(request).len() > LONGEST {
        let summary = "The response header is too large.";
        return Verdict::of(Answer::error(414, "E0000256", summary, &[]), permit);
    }
    let fault = lock(&shared.faults).strike(path_and_query(request));
    let early = fault.as_ref().and_then(|fault| strike_early(shared, &segments, fault));
    if let Some((answer, fate)) = early {
        return Verdict { fate, ..Verdict::of(answer, permit) };
    }
    let answer = admitted(shared, (request, body), &segments, &mut org);
    let path = request.uri.path();
    let answer = spoil::spoil(shared, path, answer, fault.as_ref());
    Verdict {
        delay: match fault {
            Some(FaultKind::Slow(delay)) => delay,
            _ => Duration::ZERO,
        },
        fate: match fault {
            Some(FaultKind::Truncated) => Fate::Truncated,
            _ => Fate::Answered,
        },
        ..Verdict::of(answer, permit)
    }
}

impl Verdict {
    fn of(answer: Answer, permit: Option<Permit>) -> Self {
        Self { answer, permit, fate: Fate::Answered, delay: Duration::ZERO }
    }
}

fn concurrency_permit(org: &Org) -> Permit {
    Permit { admitted: false, limit: 0, remaining: 0, reset: org.now().as_second() + 1 }
}

/// What faults do that strike before the endpoint is reached.
fn strike_early(shared: &Shared, segments: &[String], fault: &FaultKind) -> Option<(Answer, Fate)> {
    let answer = match fault {
        FaultKind::Status(status) => Answer::of_status(*status),
        FaultKind::RateLimited => Answer::too_many(RateHeaders::Exhausted),
        FaultKind::ConcurrencyLimited => Answer::too_many(RateHeaders::Zero),
        FaultKind::EdgeLimited => Answer::html(429).with_rate(RateHeaders::None),
        FaultKind::MissingScope => oauth::missing_scope("Bearer", segments),
        FaultKind::NotJson => Answer::html(200),
        FaultKind::ExpiredCursor if segments.get(2).is_some_and(|what| what == "apps") => Answer::invalid_paging(),
        FaultKind::ExpiredCursor => Answer::invalid_cursor(),
        FaultKind::EmptyList => Answer::list(Vec::new(), Vec::new()),
        FaultKind::Reset => return Some((Answer::empty(500), Fate::Dropped)),
        FaultKind::Hang => return Some((Answer::empty(500), Fate::Hanging)),
        FaultKind::RevokeToken => {
            shared.revoke_tokens();
            return None;
        }
        FaultKind::LoseRole => {
            shared.give_role(&Role::None);
            return None;
        }
        FaultKind::Truncated
        | FaultKind::Slow(_)
        | FaultKind::MalformedObject(_)
        | FaultKind::DuplicateObject
        | FaultKind::MissingObject
        | FaultKind::EmptyPage => return None,
    };
    Some((answer, Fate::Answered))
}

/// The answer for whoever may have it: an access token is for who proves to be a service app, what is not limited is
/// for everybody, and the rest for who brings a credential.
fn admitted(shared: &Shared, (request, body): (&Parts, &[u8]), segments: &[String], org: &mut Org) -> Answer {
    let host = request.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if request.uri.path() == oauth::TOKEN_PATH {
        return oauth::answer(&mut lock(&shared.oauth), request, body, (host, org.now()));
    }
    if bucket_of(segments).is_none() {
        return endpoint(shared, request, segments, (org, &Role::None));
    }
    match oauth::role_behind(shared, request, segments, (host, org.now())) {
        Ok(role) => endpoint(shared, request, segments, (org, &role)),
        Err(refused) => refused,
    }
}

fn endpoint(shared: &Shared, request: &Parts, segments: &[String], (org, role): (&mut Org, &Role)) -> Answer {
    let ask = Ask {
        base: shared.options.link_base.as_deref().unwrap_or(&shared.url),
        options: &shared.options,
        role,
        path: request.uri.path(),
        segments,
        query: ask::pairs(request.uri.query().unwrap_or_default()),
        credentials: ask::credentials(&request.headers),
        now: org.now(),
    };
    let found = match segments {
        [first, ..] if first == ".well-known" => organization::well_known(&ask, org),
        [_, _, what, ..] if what == "users" => users::answer(&ask, org),
        [_, _, what, ..] if what == "groups" => groups::answer(&ask, org),
        [_, _, what, ..] if what == "devices" => devices::answer(&ask, org),
        [_, _, what, ..] if what == "device-assurances" => assurances::answer(&ask, org),
        [_, _, what, ..] if what == "apps" => apps::answer(&ask, org),
        [_, _, what] if what == "logs" => Some(logs::list(&ask, org)),
        _ => organization::answer(&ask, org),
    };
    match found.filter(|_| segments.len() == 2 || segments.starts_with(&["api".into(), "v1".into()])) {
        None => Answer::no_such_path(),
        Some(_) if request.method != Method::GET => Answer::wrong_method(),
        Some(Ok(answer) | Err(answer)) => answer,
    }
}
