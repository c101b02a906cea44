//! Proofs of possession (DPoP, RFC 9449): each request is signed with a key pair that the access token is bound to, so
//! that a stolen token is of no use.
//!
//! Okta's page "Configure OAuth 2.0 Demonstrating Proof-of-Possession" says what is wanted: the key pair is not the
//! app's, a proof is good for one request only, and the token endpoint wants a nonce of its own in it.

use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use super::assertion::CAUTION_SECONDS;
use super::jws;
use super::private_key::PrivateKey;
use crate::model::Time;

/// What a proof is for.
pub(super) struct Proven<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// Where it goes.
    pub address: &'a Url,
    /// The access token that goes with it, if one does.
    pub access_token: Option<&'a str>,
    /// The nonce that Okta gave for it, if it did.
    pub nonce: Option<&'a str>,
}

/// A proof for one request, to be sent once.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(super) fn proof(key: &PrivateKey, proven: &Proven<'_>, now: Time) -> Result<String, String> {
    let (x, y) = key.point().ok_or("cannot prove anything: a proof needs an EC key")?;
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": jws::encoded(x), "y": jws::encoded(y) });
    let mut bare = proven.address.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let mut claims = json!({
        "htm": proven.method.as_str(), "htu": bare.as_str(),
        "iat": now.epoch_seconds() - CAUTION_SECONDS, "jti": jws::new_id()?,
    });
    if let Some(nonce) = proven.nonce {
        claims["nonce"] = nonce.into();
    }
    if let Some(token) = proven.access_token {
        claims["ath"] = jws::encoded(Sha256::digest(token.as_bytes())).into();
    }
    jws::signed(json!({ "typ": "dpop+jwt", "jwk": jwk }), &claims, key)
}
