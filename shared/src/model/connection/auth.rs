//! How to sign in to an org: reading `okta.auth`, and writing it.

use serde_json::{Value, json};

use super::faults::Faults;
use super::name;
use super::section::{Section, label};
use super::suggest::suggestion;

const API_TOKEN: &str = "api_token";
const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// The longest id of a client or a key that is believed to be one.
const LONGEST_ID: usize = 200;

/// How to sign in to an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// With an API token.
    ApiToken {
        /// The name of the secret that holds the token.
        secret: String,
    },
    /// As an OAuth 2.0 service app, with a signature by its private key.
    PrivateKeyJwt {
        /// The app's client ID.
        client_id: String,
        /// The id that Okta gave the public key; a key in JWK format brings its own.
        key_id: Option<String>,
        /// The name of the secret that holds the private key.
        secret: String,
    },
}

impl Auth {
    /// The name of the secret that holds the credential.
    pub fn secret(&self) -> &str {
        match self {
            Auth::ApiToken { secret } | Auth::PrivateKeyJwt { secret, .. } => secret,
        }
    }

    /// What the secret holds, in an operator's words.
    pub fn credential(&self) -> &'static str {
        match self {
            Auth::ApiToken { .. } => "token",
            Auth::PrivateKeyJwt { .. } => "private key",
        }
    }

    /// The part of a document that reads as this.
    pub(super) fn document(&self) -> Value {
        match self {
            Auth::ApiToken { secret } => json!({ "kind": API_TOKEN, "secret": secret }),
            Auth::PrivateKeyJwt { client_id, key_id, secret } => {
                let mut document = json!({ "kind": PRIVATE_KEY_JWT, "client_id": client_id, "secret": secret });
                if let Some(key_id) = key_id {
                    document["key_id"] = json!(key_id);
                }
                document
            }
        }
    }
}

/// Reads how to sign in.
pub(super) fn read(value: &Value, path: &str, faults: &mut Faults) -> Option<Auth> {
    let mut section = Section::open(value, path, faults)?;
    let kind = section.text("kind", faults);
    let auth = match kind {
        Some(PRIVATE_KEY_JWT) => service_app(&mut section, faults),
        Some(API_TOKEN) => secret(&mut section, faults).map(|secret| Auth::ApiToken { secret }),
        _ => {
            if let Some(other) = kind {
                let suggestion = suggestion(other, [API_TOKEN, PRIVATE_KEY_JWT]);
                let message = format!("unknown kind; expected `{API_TOKEN}` or `{PRIVATE_KEY_JWT}`{suggestion}");
                faults.add(section.at("kind"), message);
            }
            // Which other keys belong to it only the kind would tell.
            for key in ["client_id", "key_id"] {
                let _ = section.optional(key);
            }
            secret(&mut section, faults).and(None)
        }
    };
    section.close(faults);
    auth
}

fn service_app(section: &mut Section<'_>, faults: &mut Faults) -> Option<Auth> {
    let client_id =
        section.required("client_id", faults).and_then(|value| client_id(value, &section.at("client_id"), faults));
    let key_id = match section.optional("key_id") {
        Some(value) => label(value, &section.at("key_id"), LONGEST_ID, faults).map(Some),
        None => Some(None),
    };
    let secret = secret(section, faults);
    Some(Auth::PrivateKeyJwt { client_id: client_id?, key_id: key_id?, secret: secret? })
}

fn client_id(value: &Value, path: &str, faults: &mut Faults) -> Option<String> {
    let id = label(value, path, LONGEST_ID, faults)?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if !plain {
        faults.add(path, "expected the app's client ID, such as `0oa1b2c3d4E5f6g7h8i9`");
    }
    plain.then_some(id)
}

/// The name of a secret.
pub(super) fn secret(section: &mut Section<'_>, faults: &mut Faults) -> Option<String> {
    let text = section.text("secret", faults)?;
    faults.note(&section.at("secret"), name::check_secret(text)).map(|()| text.to_owned())
}
