//! The org's own authorization server: service apps get access tokens here, and are let in with them.
//!
//! `token` answers `/oauth2/v1/token`, `access` looks at what API calls bring along; both read signed tokens (`jws`) and
//! proofs of possession (`proof`). Texts are Okta's where they were recorded.

mod access;
mod assertion;
mod jws;
mod proof;
mod token;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::answer::Answer;
use crate::service_app::ServiceApp;

pub(super) use access::{missing_scope, role_behind};
pub(super) use token::answer;

/// The path of the token endpoint.
pub(super) const TOKEN_PATH: &str = "/oauth2/v1/token";

/// What the authorization server keeps.
#[derive(Debug, Default)]
pub(crate) struct AuthorizationServer {
    /// The service apps, by client ID.
    pub(crate) apps: BTreeMap<String, ServiceApp>,
    /// The access tokens that are good until they expire.
    pub(crate) access_tokens: HashMap<String, Issued>,
    /// The ids of assertions and proofs that were used: each is good once.
    used: HashSet<String>,
    /// Counts the nonces; the newest is wanted.
    nonces: u64,
    /// Whether API calls need a nonce, too.
    pub(crate) calls_need_nonce: bool,
}

/// An access token that was given.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    client_id: String,
    scopes: BTreeSet<String>,
    expires: Timestamp,
    /// The thumbprint of the key that has to prove each use.
    bound_to: Option<String>,
}

impl AuthorizationServer {
    /// From now on another nonce is wanted in proofs.
    pub(crate) fn renew_nonce(&mut self) {
        self.nonces += 1;
    }

    fn nonce(&self) -> String {
        format!("nonce-{}", self.nonces)
    }

    /// Uses an id up; whether it was still good.
    fn use_once(&mut self, id: &str) -> bool {
        self.used.insert(id.to_owned())
    }
}

/// An answer that is an error of OAuth's shape.
fn refusal(status: u16, error: &str, description: &str) -> Answer {
    let body = serde_json::json!({ "error": error, "error_description": description });
    Answer { status, ..Answer::value(&body) }
}
