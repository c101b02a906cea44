//! Keys of endpoints on this machine: whoever does not know the key in an endpoint's URL is refused.
//!
//! Every user of a machine can connect to a port of the loopback interface. The URL with the key is told only to what this
//! user runs: in memory, or in a file that is its owner's alone.

use std::fmt::Write;
use std::io;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// The first part of the path of every request to an endpoint.
#[derive(Clone)]
pub(crate) struct Key(String);

impl Key {
    /// A new one, of 128 random bits.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn new() -> io::Result<Key> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let mut text = String::with_capacity(32);
        for byte in bytes {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Key(text))
    }

    /// An endpoint's URL with this key.
    pub(crate) fn url(&self, authority: impl std::fmt::Display) -> String {
        format!("http://{authority}/{}", self.0)
    }

    /// Compares in a time that does not depend on where the two differ.
    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// The part of the path that has the key.
#[derive(Deserialize)]
pub(crate) struct Given {
    key: String,
}

/// Lets through who knows the key: a layer of routes whose path begins with `/{key}`.
pub(crate) async fn admit(State(key): State<Key>, Path(given): Path<Given>, request: Request, next: Next) -> Response {
    if key.is(&given.key) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, [("x-amzn-errortype", "AccessDeniedException")], "{}").into_response()
}
