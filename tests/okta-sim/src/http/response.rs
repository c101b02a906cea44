//! Answers on their way to the wire.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use futures::StreamExt as _;

use super::answer::{Answer, Payload, RateHeaders};
use super::rate::Permit;
use super::{Shared, lock};

/// The answer with the headers that every answer has.
pub(super) fn respond(shared: &Shared, answer: Answer, permit: Option<Permit>) -> Response<Body> {
    let request = shared.requests.fetch_add(1, Ordering::Relaxed);
    let now = lock(&shared.org).now();
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder()
        .status(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("date", date)
        .header("x-okta-request-id", format!("{request:032x}"))
        .header("cache-control", "no-cache, no-store");
    for (name, value) in rate_headers(answer.rate, permit) {
        response = response.header(name, value);
    }
    for link in answer.links {
        response = response.header("link", link);
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let (kind, body) = match answer.payload {
        Payload::List(items) => ("application/json", joined(&items)),
        Payload::One(text) => ("application/json", text),
        Payload::Html(page) => ("text/html", page.into_bytes()),
        Payload::Empty => return response.body(Body::empty()).unwrap_or_default(),
    };
    let response = response.header("content-type", kind);
    response.body(Body::from(body)).unwrap_or_default()
}

fn rate_headers(which: RateHeaders, permit: Option<Permit>) -> Vec<(&'static str, i64)> {
    let Some(permit) = permit else {
        return Vec::new();
    };
    let (limit, remaining) = match which {
        RateHeaders::None => return Vec::new(),
        RateHeaders::Bucket => (permit.limit, permit.remaining),
        RateHeaders::Exhausted => (permit.limit, 0),
        RateHeaders::Zero => (0, 0),
    };
    vec![
        ("x-rate-limit-limit", limit.into()),
        ("x-rate-limit-remaining", remaining.into()),
        ("x-rate-limit-reset", permit.reset),
    ]
}

fn joined(items: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + items.iter().map(|item| item.len() + 1).sum::<usize>());
    body.push(b'[');
    body.extend(items.join(&b','));
    body.push(b']');
    body
}

/// The same response with half of its body: the stated length is never reached, and the server
/// ends the connection.
pub(super) async fn truncate(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert("content-length", whole.len().into());
    let sent = futures::stream::iter([Ok(half)]);
    // What was sent must reach the wire before the connection ends.
    let end = futures::stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err::<Bytes, io::Error>(io::ErrorKind::ConnectionReset.into())
    });
    let stream = sent.chain(end);
    Response::from_parts(parts, Body::from_stream(stream))
}
