//! Proofs of possession (RFC 9449; Okta: Configure OAuth 2.0 Demonstrating Proof-of-Possession).

use axum::http::HeaderMap;
use jiff::Timestamp;

use super::AuthorizationServer;
use super::jws::{Jws, hashed, thumbprint};

/// How old a proof may be, in seconds.
const OLDEST: i64 = 300;

/// What a proof has to fit.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Without query and fragment.
    pub(super) address: &'a str,
    pub(super) access_token: Option<&'a str>,
    pub(super) needs_nonce: bool,
    pub(super) now: Timestamp,
}

/// What is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    Invalid,
    Used,
    /// Another nonce is wanted.
    Nonce,
}

impl Fault {
    /// In Okta's words, as far as they were recorded.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("invalid_dpop_proof", "The DPoP proof JWT header is missing."),
            Self::Invalid => ("invalid_dpop_proof", "The DPoP proof JWT is invalid."),
            Self::Used => ("invalid_dpop_proof", "The DPoP proof JWT has already been used."),
            Self::Nonce => ("use_dpop_nonce", "Authorization server requires nonce in DPoP proof."),
        }
    }
}

/// The thumbprint of the key that a request's proof was signed with.
pub(super) fn key_of(
    server: &mut AuthorizationServer,
    headers: &HeaderMap,
    request: &Request<'_>,
) -> Result<String, Fault> {
    let text = headers.get("dpop").and_then(|value| value.to_str().ok()).ok_or(Fault::Missing)?;
    let jws = Jws::read(text).ok_or(Fault::Invalid)?;
    let key = &jws.header["jwk"];
    let has_private_part = key.get("d").is_some();
    if jws.header["typ"] != "dpop+jwt" || has_private_part || !jws.is_signed_by(key) {
        return Err(Fault::Invalid);
    }
    let (now, issued) = (request.now.as_second(), jws.claims["iat"].as_i64().unwrap_or_default());
    let is_timely = (now - OLDEST..=now).contains(&issued);
    let fits = jws.claim("htm") == Some(request.method) && jws.claim("htu") == Some(request.address);
    let token = request.access_token.map(hashed);
    if !is_timely || !fits || jws.claim("ath") != token.as_deref() {
        return Err(Fault::Invalid);
    }
    let id = jws.claim("jti").ok_or(Fault::Invalid)?;
    if !server.use_once(&format!("proof {id}")) {
        return Err(Fault::Used);
    }
    if request.needs_nonce && jws.claim("nonce") != Some(&server.nonce()) {
        return Err(Fault::Nonce);
    }
    Ok(thumbprint(key))
}
