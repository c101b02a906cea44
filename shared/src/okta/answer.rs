//! An error as Okta answered it: the parts that support asks for, and nothing else of the body.
//!
//! The shape is Okta's error object (developer.okta.com, "Errors and error codes"). Bodies can as well be
//! empty or HTML; only the code steers what becomes of the error, for the texts change.

use std::fmt;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde_json::Value;

/// Characters of `errorSummary` that are kept.
const SUMMARY_CHARACTERS: usize = 300;

/// An answer that was an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked: the method and the path, without the query.
    pub what: String,
    /// The HTTP status.
    pub status: u16,
    /// `errorCode`, such as `E0000011`; of the token endpoint `error`, such as `invalid_client`.
    pub code: Option<String>,
    /// `errorSummary`, of the token endpoint `error_description`; cut to 300 characters.
    pub summary: Option<String>,
    /// `errorId`, which Okta's support asks for.
    pub error_id: Option<String>,
    /// `X-Okta-Request-Id`, which Okta's support asks for.
    pub request_id: Option<String>,
    /// The scope that `WWW-Authenticate` says is missing, or the ones that no access token was given for.
    pub missing_scope: Option<String>,
    /// What `WWW-Authenticate` says is wrong with the access token or its proof, such as `invalid_token`.
    pub challenge: Option<String>,
}

impl Answer {
    /// Reads an error from a response's status, headers and body.
    pub(super) fn read(what: String, status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let word = |name: &str| text(name).and_then(word);
        Answer {
            what,
            status,
            code: word("errorCode").or_else(|| word("error")),
            summary: text("errorSummary").or_else(|| text("error_description")).and_then(sentence),
            error_id: word("errorId"),
            request_id: headers.get("x-okta-request-id").and_then(|value| value.to_str().ok()).and_then(self::word),
            missing_scope: missing_scope(headers),
            challenge: challenge(status, headers),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Okta answered {} to {}", self.status, self.what)?;
        match (&self.code, &self.summary) {
            (Some(code), Some(summary)) => write!(formatter, ": {code}, {summary}")?,
            (Some(part), None) | (None, Some(part)) => write!(formatter, ": {part}")?,
            (None, None) => {}
        }
        if let Some(scope) = &self.missing_scope {
            let words = if scope.contains(' ') { "the missing scope is one of" } else { "the missing scope is" };
            write!(formatter, "; {words} {scope}")?;
        }
        if let Some(challenge) = self.challenge.as_ref().filter(|_| self.code.is_none() && self.missing_scope.is_none())
        {
            write!(formatter, ": {challenge}")?;
        }
        if let Some(id) = &self.error_id {
            write!(formatter, "; errorId {id}")?;
        }
        if let Some(id) = &self.request_id {
            write!(formatter, "; request {id}")?;
        }
        Ok(())
    }
}

/// A code or an id: one short word, or it is left out.
fn word(text: &str) -> Option<String> {
    let fits = (1..=80).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    fits.then(|| text.to_owned())
}

fn sentence(text: &str) -> Option<String> {
    let cut: String = text.chars().filter(|c| !c.is_control()).take(SUMMARY_CHARACTERS).collect();
    (!cut.trim().is_empty()).then(|| cut.trim().to_owned())
}

/// A missing scope is a 403 with an empty body; the reason is in the header.
fn missing_scope(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    if !value.contains("insufficient_scope") {
        return None;
    }
    let named = parameter(value, "scope").unwrap_or("unknown");
    let plain = named.chars().filter(|c| c.is_ascii_alphanumeric() || "._ -".contains(*c)).take(200).collect();
    Some(plain)
}

/// What is wrong with an access token or its proof. A proof that was sent before is a 400 with an empty body, whose header
/// need not name the error.
fn challenge(status: u16, headers: &HeaderMap) -> Option<String> {
    let value = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    match parameter(value, "error") {
        Some(error) => word(error),
        None => (status == 400 && value.starts_with("DPoP")).then(|| "invalid_dpop_proof".to_owned()),
    }
}

/// The value of a parameter of a challenge.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    challenge.split(&format!("{name}=\"")).nth(1)?.split('"').next()
}
