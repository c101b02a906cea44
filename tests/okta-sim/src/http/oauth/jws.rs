//! Signed tokens as they come in: RFC 7515, compact form, RS256 and ES256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};

/// A token whose signature has not been looked at.
pub(super) struct Jws<'a> {
    pub(super) header: Value,
    pub(super) claims: Value,
    message: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    pub(super) fn read(text: &'a str) -> Option<Jws<'a>> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Jws { header: json(header)?, claims: json(claims)?, message, signature })
    }

    /// A claim that is a text.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// Whether it was signed with the private key of this public one.
    pub(super) fn is_signed_by(&self, key: &Value) -> bool {
        let number = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        let message = self.message.as_bytes();
        let verified = match (self.header["alg"].as_str(), key["kty"].as_str()) {
            (Some("RS256"), Some("RSA")) => number("n").zip(number("e")).map(|(n, e)| {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature)
            }),
            (Some("ES256"), Some("EC")) => number("x").zip(number("y")).map(|(x, y)| {
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &self.signature)
            }),
            _ => None,
        };
        matches!(verified, Some(Ok(())))
    }
}

/// The thumbprint of an EC key (RFC 7638).
pub(super) fn thumbprint(key: &Value) -> String {
    let members = json!({ "crv": key["crv"], "kty": key["kty"], "x": key["x"], "y": key["y"] });
    hashed(&members.to_string())
}

/// SHA-256 in base64url.
pub(super) fn hashed(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
