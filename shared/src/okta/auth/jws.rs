//! Signed tokens in their compact form (RFC 7515): two JSON objects and a signature, in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use super::private_key::PrivateKey;

/// Signs claims; `header` has everything but the algorithm, which is the key's.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(super) fn signed(mut header: Value, claims: &Value, key: &PrivateKey) -> Result<String, String> {
    header["alg"] = key.algorithm().into();
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", encoded(signature)))
}

/// Bytes in base64url, without padding.
pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A new `jti`: Okta takes each once only.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(super) fn new_id() -> Result<String, String> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "could not sign: the operating system gave no random number".to_owned())?;
    Ok(encoded(bytes))
}
