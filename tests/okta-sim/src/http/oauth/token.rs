//! `POST /oauth2/v1/token`: an access token for a service app.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use url::form_urlencoded;

use super::assertion;
use super::proof::{self, Request};
use super::{AuthorizationServer, Issued, TOKEN_PATH, refusal};
use crate::clock::shifted;
use crate::http::answer::Answer;
use crate::service_app::ServiceApp;

/// How long an access token is good, in seconds; not configurable.
const LIFE: i64 = 3_600;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Answers a request for an access token; `host` is the one that it was sent to.
pub(in crate::http) fn answer(
    server: &mut AuthorizationServer,
    request: &Parts,
    body: &[u8],
    (host, now): (&str, Timestamp),
) -> Answer {
    if request.method != "POST" {
        return Answer::wrong_method();
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if field("grant_type") != "client_credentials" {
        return refusal(400, "unsupported_grant_type", "The authorization grant type is not supported.");
    }
    if field("client_assertion_type") != ASSERTION_TYPE {
        let words = "Client Credentials requests to the Org Authorization Server must use the private_key_jwt \
                     token_endpoint_auth_method.";
        return refusal(401, "invalid_client", words);
    }
    let address = format!("http://{host}{TOKEN_PATH}");
    let app = match assertion::app(server, field("client_assertion"), &address, now) {
        Ok(app) => app,
        Err(refused) => return refused,
    };
    let proven = Request { method: "POST", address: &address, access_token: None, needs_nonce: true, now };
    let bound_to = match proof::key_of(server, &request.headers, &proven) {
        Ok(key) => Some(key),
        Err(proof::Fault::Missing) if !app.demands_proofs => None,
        Err(fault) => {
            let (error, words) = fault.words();
            let refused = refusal(400, error, words);
            return if fault == proof::Fault::Nonce { with_nonce(server, refused) } else { refused };
        }
    };
    grant(server, &app, field("scope"), (bound_to, now))
}

fn grant(
    server: &mut AuthorizationServer,
    app: &ServiceApp,
    asked: &str,
    (bound_to, now): (Option<String>, Timestamp),
) -> Answer {
    let asked: BTreeSet<String> = asked.split_whitespace().map(str::to_owned).collect();
    if asked.is_disjoint(&app.scopes) {
        return refusal(400, "consent_required", "You are not allowed any of the requested scopes.");
    }
    if !asked.is_subset(&app.scopes) {
        let words = "One or more scopes are not configured for the authorization server resource.";
        return refusal(400, "invalid_scope", words);
    }
    let value = format!("sim-access-{:032x}", fastrand::u128(..));
    let kind = if bound_to.is_some() { "DPoP" } else { "Bearer" };
    let scope: Vec<&str> = asked.iter().map(String::as_str).collect();
    let body = json!({ "token_type": kind, "expires_in": LIFE, "access_token": value, "scope": scope.join(" ") });
    let answer = Answer::value(&body);
    let answer = if bound_to.is_some() { with_nonce(server, answer) } else { answer };
    let expires = shifted(now, SignedDuration::from_secs(LIFE));
    let issued = Issued { client_id: app.client_id.clone(), scopes: asked, expires, bound_to };
    server.access_tokens.insert(value, issued);
    answer
}

fn with_nonce(server: &AuthorizationServer, mut answer: Answer) -> Answer {
    answer.headers.push(("dpop-nonce", server.nonce()));
    answer
}
