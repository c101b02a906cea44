//! What the token endpoint, and the API of a service app, mean with their refusals.

use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use super::super::OktaError;
use super::super::answer::Answer;
use super::super::fault::{Fault, Subject, Throttle};
use crate::error::Fate;

fn refused(status: u16, error: &str) -> Answer {
    let body = format!(r#"{{"error":"{error}","error_description":"Some words"}}"#);
    let body = if error.is_empty() { String::new() } else { body };
    Answer::read("POST /oauth2/v1/token".to_owned(), status, &HeaderMap::new(), body.as_bytes())
}

fn challenged(status: u16, challenge: &'static str) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Answer::read("GET /api/v1/users".to_owned(), status, &headers, b"")
}

#[test]
fn every_refusal_of_the_token_endpoint_has_its_meaning() {
    use Fault::*;
    for (status, error, fault, fate) in [
        (401, "invalid_client", ClientRefused, Fate::Fatal),
        (401, "", ClientRefused, Fate::Fatal),
        (403, "access_denied", ClientRefused, Fate::Fatal),
        (403, "", ClientRefused, Fate::Fatal),
        (400, "unauthorized_client", NotAServiceApp, Fate::Fatal),
        (400, "unsupported_grant_type", NotAServiceApp, Fate::Fatal),
        (400, "invalid_scope", ScopeMissing, Fate::Fatal),
        (400, "consent_required", ScopeMissing, Fate::Fatal),
        (400, "invalid_dpop_proof", ProofRefused, Fate::Fatal),
        (400, "use_dpop_nonce", NonceWanted, Fate::Fatal),
        (400, "invalid_request", Rejected, Fate::Fatal),
        (400, "temporarily_unavailable", Unavailable, Fate::Retryable),
        (500, "server_error", Unavailable, Fate::Retryable),
        (503, "", Unavailable, Fate::Retryable),
        (429, "", Throttled(Throttle::Ceiling), Fate::Retryable),
        (404, "", UnknownOrg, Fate::Fatal),
        (302, "", Redirected, Fate::Fatal),
    ] {
        let found = Fault::of(&refused(status, error), Subject::TokenEndpoint, Throttle::Ceiling);
        assert_eq!((found, found.fate()), (fault, fate), "{status} {error}");
    }
    let text = refused(401, "invalid_client").to_string();
    assert_eq!(text, "Okta answered 401 to POST /oauth2/v1/token: invalid_client, Some words");
}

#[test]
fn the_api_tells_in_a_header_what_is_wrong_with_a_token_or_its_proof() {
    let nonce = r#"DPoP realm="http://acme.okta.com", error="use_dpop_nonce", error_description="Some words""#;
    let used = r#"DPoP authorization_uri="http://acme.okta.com/", error="invalid_dpop_proof""#;
    let unnamed = r#"DPoP error_description="The DPoP proof JWT has already been used.""#;
    let expired = r#"Bearer realm="http://acme.okta.com", error="invalid_token", error_description="Some words""#;
    let scope = r#"DPoP scope="okta.logs.read", error="insufficient_scope""#;
    for (status, challenge, fault) in [
        (401, nonce, Fault::NonceWanted),
        (400, used, Fault::ProofRefused),
        (400, unnamed, Fault::ProofRefused),
        (401, expired, Fault::InvalidToken),
        (403, scope, Fault::ScopeMissing),
    ] {
        let found = Fault::of(&challenged(status, challenge), Subject::List, Throttle::Edge);
        assert_eq!(found, fault, "{challenge}");
    }
    assert_eq!(challenged(401, expired).to_string(), "Okta answered 401 to GET /api/v1/users: invalid_token");
}

#[test]
fn a_missing_scope_is_named_in_the_title() {
    let mut answer = refused(400, "invalid_scope");
    answer.missing_scope = Some("okta.devices.read".to_owned());
    let problem = OktaError::Refused { fault: Fault::ScopeMissing, answer: Box::new(answer) }.problem();
    assert_eq!(problem.title, "The OAuth scope okta.devices.read is missing");
    assert!(problem.detail.ends_with("; the missing scope is okta.devices.read"), "{}", problem.detail);
}
