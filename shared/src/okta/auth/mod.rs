//! How a request is signed with the connection's credential: an API token, or a service app's access token.
//!
//! Every attempt is signed anew, repeated ones too: an API token would not need it, but an assertion and a proof of
//! possession are good for one request only. A [`Credential`] is what a connection has (`credential`, `private_key`); a
//! [`Pass`] is what an attempt goes with (`granting`, `access_tokens`); [`Pass::sign`] makes headers and a body of it
//! (`assertion`, `proof`, `jws`). Nothing is signed elsewhere. The credential goes to the connection's own host, and never
//! into a log, an error or a `Debug` text.

mod access_tokens;
mod assertion;
mod credential;
mod granting;
mod jws;
mod private_key;
mod proof;

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;

pub use access_tokens::AccessTokens;
use access_tokens::{AccessToken, Audience, Holder};
use assertion::TokenRequest;
pub(super) use credential::InUse;
pub use credential::{Credential, ReadSecret, check_credential};
use proof::{Proven, proof};

use super::OktaError;
use super::fault::Fault;
use crate::model::{Secret, Time};

/// The header with a proof of possession (RFC 9449).
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The header with the nonce that the next proof has to have (RFC 9449).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What an attempt at a request goes with.
#[derive(Debug, Clone)]
pub(super) enum Pass {
    /// Nothing: what is asked, Okta tells everybody.
    Nobody,
    /// An API token.
    ApiToken(Secret),
    /// An access token, and what its app proves itself with.
    AccessToken(Arc<AccessToken>, Arc<Holder>),
    /// A request for an access token.
    Assertion(TokenRequest, Arc<Holder>),
}

impl Pass {
    /// The method of the requests that go with it: all but the one for an access token read.
    pub(super) fn method(&self) -> Method {
        match self {
            Pass::Nobody | Pass::ApiToken(_) | Pass::AccessToken(..) => Method::GET,
            Pass::Assertion(..) => Method::POST,
        }
    }

    /// Signs one attempt at this address, at this time of Okta's: puts the credential into the headers, and gives the body.
    pub(super) fn sign(&self, headers: &mut HeaderMap, address: &Url, now: Time) -> Result<String, OktaError> {
        self.signed(headers, address, now)
            .map_err(|why| OktaError::Unusable { why: format!("the stored credential {why}") })
    }

    fn signed(&self, headers: &mut HeaderMap, address: &Url, now: Time) -> Result<String, String> {
        let proven = Proven { method: &self.method(), address, access_token: None, nonce: None };
        match self {
            Pass::Nobody => {}
            Pass::ApiToken(secret) => {
                headers.insert(AUTHORIZATION, authorization("SSWS", secret.api_token())?);
            }
            Pass::AccessToken(token, holder) => {
                let scheme = if token.bound_to.is_some() { "DPoP" } else { "Bearer" };
                headers.insert(AUTHORIZATION, authorization(scheme, &token.value)?);
                if let Some(key) = &token.bound_to {
                    let nonce = holder.nonce(Audience::Api);
                    let proven = Proven { access_token: Some(&token.value), nonce: nonce.as_deref(), ..proven };
                    headers.insert(PROOF, header(&proof(key, &proven, now)?)?);
                }
            }
            Pass::Assertion(request, holder) => {
                headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                if let Some(key) = holder.proof_key() {
                    let nonce = holder.nonce(Audience::TokenEndpoint);
                    let proven = Proven { nonce: nonce.as_deref(), ..proven };
                    headers.insert(PROOF, header(&proof(&key, &proven, now)?)?);
                }
                return request.form(address, now);
            }
        }
        Ok(String::new())
    }

    /// Notes what an answer says about the next proofs.
    pub(super) fn heed(&self, headers: &HeaderMap) {
        let Some(nonce) = headers.get(NONCE).and_then(|value| value.to_str().ok()) else { return };
        match self {
            Pass::Nobody | Pass::ApiToken(_) => {}
            Pass::AccessToken(_, holder) => holder.note_nonce(Audience::Api, nonce),
            Pass::Assertion(_, holder) => holder.note_nonce(Audience::TokenEndpoint, nonce),
        }
    }

    /// What a refusal means for what the attempt went with: an access token can be renewed, an API token cannot.
    pub(super) fn meaning(&self, fault: Fault) -> Fault {
        match (fault, self) {
            (Fault::InvalidToken, Pass::AccessToken(..)) => Fault::AccessTokenRefused,
            (fault, _) => fault,
        }
    }

    /// The scopes that a request for an access token asks for.
    pub(super) fn scopes(&self) -> Option<String> {
        match self {
            Pass::Nobody | Pass::ApiToken(_) | Pass::AccessToken(..) => None,
            Pass::Assertion(request, _) => Some(assertion::names(&request.scopes)),
        }
    }
}

/// The value of the header `Authorization`.
fn authorization(scheme: &str, token: &str) -> Result<HeaderValue, String> {
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(NO_TOKEN.to_owned());
    }
    header(&format!("{scheme} {token}"))
}

/// A header's value that no log shows.
fn header(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| NO_TOKEN.to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

const NO_TOKEN: &str = "is empty, or has spaces, several lines or other characters that no token has";

#[cfg(test)]
mod tests;
