//! A service app's private key: read as people store it, and good for signing.
//!
//! PEM comes as PKCS#8, PKCS#1 (RSA) or SEC1 (EC), a JWK as RFC 7517 and 7518 have it. Okta takes RSA keys with RS256 and
//! P-256 keys with ES256 (its page "Build a JWT for client authentication"). A fault says what is wrong and how to mend
//! it, and never quotes the key.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

/// What stands before a SEC1 key to make PKCS#8 of it: version 0, and the algorithm: an EC key on P-256 (RFC 5958, 5480).
const P256_ALGORITHM: [u8; 24] = [
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];

/// Smaller RSA keys than this are not safe, and Okta takes none.
const RSA_BITS: usize = 2_048;

/// A private key.
pub(in crate::okta) struct PrivateKey {
    pair: Pair,
    /// The id that came with it.
    pub key_id: Option<String>,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// The members of a JWK that make a private key.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    crv: Option<String>,
    d: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

impl PrivateKey {
    /// Reads the text of a secret.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "the secret".
    pub(in crate::okta) fn read(text: &str) -> Result<PrivateKey, String> {
        let (pair, key_id) = match text {
            _ if text.starts_with('{') => from_jwk(text)?,
            _ if text.contains("-----BEGIN") => (from_pem(text)?, None),
            _ => return Err("holds neither a private key in PEM format nor a JWK".to_owned()),
        };
        Ok(PrivateKey { pair, key_id })
    }

    /// A new key on P-256.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(super) fn generate() -> Result<PrivateKey, String> {
        let unable = |_| "no key pair could be made".to_owned();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(unable)?;
        Ok(PrivateKey { pair: ec(document.as_ref())?, key_id: None })
    }

    /// The name of its signatures' algorithm (RFC 7518).
    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    /// Signs a message, in the form that RFC 7518 wants.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        let unable = |_| "could not sign: the operating system gave no random number".to_owned();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(unable)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(unable)?.as_ref().to_vec()),
        }
    }

    /// The coordinates of the public key's point; `None` of an RSA key.
    pub(super) fn point(&self) -> Option<(&[u8], &[u8])> {
        match &self.pair {
            Pair::Rsa(_) => None,
            // A point that is not compressed: 4, then two numbers of 32 bytes each.
            Pair::Ec(pair) => Some(pair.public_key().as_ref().get(1..65)?.split_at(32)),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({}, redacted)", self.algorithm())
    }
}

fn from_pem(text: &str) -> Result<Pair, String> {
    if text.contains("ENCRYPTED") {
        return Err("holds an encrypted private key; take the encryption off with `openssl pkey -in FILE`".to_owned());
    }
    let Ok(key) = PrivateKeyDer::from_pem_slice(text.as_bytes()) else {
        return Err(if text.contains("PUBLIC KEY") || text.contains("CERTIFICATE") {
            "holds a public key; the private one is needed, and Okta gets the public one".to_owned()
        } else {
            "holds no private key in PEM format: it begins with `-----BEGIN PRIVATE KEY-----` and has line ends"
                .to_owned()
        });
    };
    match key {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map_err(|_| bad_rsa()).map(rsa),
        PrivateKeyDer::Sec1(key) => ec(&pkcs8_of(key.secret_sec1_der())),
        PrivateKeyDer::Pkcs8(key) => {
            let der = key.secret_pkcs8_der();
            RsaKeyPair::from_pkcs8(der).map(rsa).or_else(|_| ec(der)).map_err(|_| bad_key())
        }
        _ => Err(bad_key()),
    }
}

/// A SEC1 key as PKCS#8, which has the curve beside it. A P-256 key with its point takes fewer than 200 bytes, so every
/// length has the short form or the one of a single byte.
fn pkcs8_of(sec1: &[u8]) -> Vec<u8> {
    let inner = [&P256_ALGORITHM[..], &tagged(0x04, sec1)].concat();
    tagged(0x30, &inner)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [&head, content].concat()
}

fn from_jwk(text: &str) -> Result<(Pair, Option<String>), String> {
    // What the parser says of the text could quote it.
    let jwk: Jwk = serde_json::from_str(text)
        .map_err(|_| "begins like a JWK and is none: a JSON object with `kty` and texts".to_owned())?;
    let pair = match jwk.kty.as_str() {
        "RSA" => rsa_of(&jwk)?,
        "EC" => ec_of(&jwk)?,
        _ => return Err("holds a JWK of another kind than `RSA` and `EC`".to_owned()),
    };
    Ok((pair, jwk.kid.filter(|id| !id.is_empty())))
}

fn rsa_of(jwk: &Jwk) -> Result<Pair, String> {
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n: number(&jwk.n, "n")?, e: number(&jwk.e, "e")? },
        d: number(&jwk.d, "d")?,
        p: number(&jwk.p, "p")?,
        q: number(&jwk.q, "q")?,
        dP: number(&jwk.dp, "dp")?,
        dQ: number(&jwk.dq, "dq")?,
        qInv: number(&jwk.qi, "qi")?,
    };
    RsaKeyPair::from_components(&components).map(rsa).map_err(|_| bad_rsa())
}

fn ec_of(jwk: &Jwk) -> Result<Pair, String> {
    if jwk.crv.as_deref() != Some("P-256") {
        return Err("holds a JWK of another curve than `P-256`".to_owned());
    }
    let (d, x, y) = (number(&jwk.d, "d")?, number(&jwk.x, "x")?, number(&jwk.y, "y")?);
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &d, &point, &SystemRandom::new())
        .map(|pair| Pair::Ec(Box::new(pair)))
        .map_err(|_| bad_key())
}

/// A member of a JWK that is a number.
fn number(text: &Option<String>, member: &str) -> Result<Vec<u8>, String> {
    match text {
        None if member == "d" => Err("holds a public key; the private one is needed, a JWK with `d`".to_owned()),
        None => Err(format!("holds a JWK without `{member}`; a private key in PEM format will do, too")),
        Some(text) => URL_SAFE_NO_PAD
            .decode(text.trim_end_matches('='))
            .map_err(|_| format!("holds a JWK whose `{member}` is not in base64url")),
    }
}

fn rsa(pair: RsaKeyPair) -> Pair {
    Pair::Rsa(Box::new(pair))
}

fn ec(pkcs8: &[u8]) -> Result<Pair, String> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
        .map(|pair| Pair::Ec(Box::new(pair)))
        .map_err(|_| bad_key())
}

fn bad_rsa() -> String {
    format!("holds an RSA key that is damaged, or has fewer than {RSA_BITS} bits")
}

fn bad_key() -> String {
    format!(
        "holds no key that can be used: an RSA key of at least {RSA_BITS} bits, or an EC key on P-256 with its point"
    )
}
