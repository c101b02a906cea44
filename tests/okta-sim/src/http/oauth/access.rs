//! What an API call may see: the role behind its API token or access token, once that is found good.

use std::sync::Arc;

use axum::http::request::Parts;
use jiff::Timestamp;

use super::AuthorizationServer;
use super::proof::{self, Request};
use crate::http::answer::Answer;
use crate::http::{Shared, lock};
use crate::role::Role;

/// The role of whoever calls, or why not.
pub(in crate::http) fn role_behind(
    shared: &Shared,
    request: &Parts,
    segments: &[String],
    (host, now): (&str, Timestamp),
) -> Result<Arc<Role>, Answer> {
    let given = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.split_once(' ') {
        Some(("SSWS", token)) if Some(token) == lock(&shared.token).as_deref() => Ok(Arc::clone(&lock(&shared.role))),
        Some((scheme @ ("Bearer" | "DPoP"), token)) => {
            let mut server = lock(&shared.oauth);
            role_of_app(&mut server, request, segments, (scheme, token), (host, now)).map(Arc::new)
        }
        _ => Err(Answer::invalid_token()),
    }
}

fn role_of_app(
    server: &mut AuthorizationServer,
    request: &Parts,
    segments: &[String],
    (scheme, token): (&str, &str),
    (host, now): (&str, Timestamp),
) -> Result<Role, Answer> {
    let issued = server.access_tokens.get(token).filter(|issued| now < issued.expires).cloned();
    let app = issued.as_ref().and_then(|issued| server.apps.get(&issued.client_id)).filter(|app| app.is_active);
    // Whether Okta gives `E0000011` or an empty body is not known.
    let unknown = || challenge(401, scheme, "invalid_token", "The access token is invalid.");
    let (Some(issued), Some(app)) = (issued, app.cloned()) else { return Err(unknown()) };
    let expected = if issued.bound_to.is_some() { "DPoP" } else { "Bearer" };
    if scheme != expected {
        return Err(unknown());
    }
    if let Some(key) = &issued.bound_to {
        let address = format!("http://{host}{}", request.uri.path());
        let (method, needs_nonce) = (request.method.as_str(), server.calls_need_nonce);
        let proven = Request { method, address: &address, access_token: Some(token), needs_nonce, now };
        match proof::key_of(server, &request.headers, &proven) {
            Ok(proven) if proven == *key => {}
            Err(proof::Fault::Nonce) => {
                let mut answer =
                    challenge(401, scheme, "use_dpop_nonce", "Resource server requires nonce in DPoP proof.");
                answer.headers.push(("dpop-nonce", server.nonce()));
                return Err(answer);
            }
            Ok(_) => return Err(unknown()),
            Err(fault) => return Err(challenge(400, scheme, fault.words().0, fault.words().1)),
        }
    }
    let scope = scope_of(segments);
    if issued.scopes.contains(&scope) { Ok(app.role) } else { Err(missing_scope(scheme, segments)) }
}

/// An error without a body; the header says why.
fn challenge(status: u16, scheme: &str, error: &str, description: &str) -> Answer {
    let reason = format!(
        "{scheme} authorization_uri=\"http://127.0.0.1/oauth2/v1/authorize\", realm=\"http://127.0.0.1\", \
         error=\"{error}\", error_description=\"{description}\""
    );
    let mut answer = Answer::empty(status);
    answer.headers.push(("www-authenticate", reason));
    answer
}

/// The scope that an API needs.
fn scope_of(segments: &[String]) -> String {
    let scope = match segments.get(2).map(String::as_str) {
        Some(what @ ("groups" | "logs" | "devices" | "apps")) => what,
        Some("device-assurances") => "deviceAssurance",
        Some("org") => "orgs",
        Some("meta") if segments.get(3).is_some_and(|what| what == "types") => "userTypes",
        Some("meta") => "schemas",
        _ => "users",
    };
    format!("okta.{scope}.read")
}

/// The answer where the access token lacks the scope: a 403 with an empty body.
pub(in crate::http) fn missing_scope(scheme: &str, segments: &[String]) -> Answer {
    let reason = format!(
        "{scheme} authorization_uri=\"http://127.0.0.1/oauth2/v1/authorize\", scope=\"{}\", \
         error=\"insufficient_scope\", \
         error_description=\"The access token provided does not contain the required scopes.\"",
        scope_of(segments)
    );
    let mut answer = Answer::empty(403);
    answer.headers.push(("www-authenticate", reason));
    answer
}
