//! Two key pairs that everybody knows: those of RFC 7515, appendices A.2 and A.3. For tests, and for nothing else.

use serde_json::{Map, Value};

/// A key pair in the forms in which people store one.
#[derive(Clone, Copy, Debug)]
pub struct KnownKey {
    /// The private key in PEM format, PKCS#8.
    pub pkcs8: &'static str,
    /// The same in the format that its algorithm had before: PKCS#1 for RSA, SEC1 for EC.
    pub traditional: &'static str,
    /// The same as a JWK, which has an id.
    pub jwk: &'static str,
}

/// An RSA key of 2,048 bits, for RS256.
pub const RSA: KnownKey = KnownKey {
    pkcs8: include_str!("rsa-pkcs8.pem"),
    traditional: include_str!("rsa-pkcs1.pem"),
    jwk: include_str!("rsa.jwk.json"),
};

/// An EC key on P-256, for ES256.
pub const EC: KnownKey = KnownKey {
    pkcs8: include_str!("ec-pkcs8.pem"),
    traditional: include_str!("ec-sec1.pem"),
    jwk: include_str!("ec.jwk.json"),
};

impl KnownKey {
    /// The public key as a JWK: what Okta is given.
    #[must_use]
    pub fn public(&self) -> Value {
        let whole: Map<String, Value> = serde_json::from_str(self.jwk).unwrap_or_default();
        let is_public = |name: &str| ["kty", "kid", "use", "crv", "x", "y", "n", "e"].contains(&name);
        whole.into_iter().filter(|(name, _)| is_public(name)).collect()
    }

    /// The key's id at Okta.
    #[must_use]
    pub fn id(&self) -> String {
        self.public()["kid"].as_str().unwrap_or_default().to_owned()
    }
}
