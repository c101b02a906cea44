//! The request for an access token: a service app proves with a signature that it is who it says (RFC 7523; Okta's page
//! "Implement OAuth for Okta with a service app").

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

use super::jws;
use super::private_key::PrivateKey;
use crate::model::{OAuthScope, Time};

/// The path of the token endpoint of the org's own authorization server: no other can give scopes of Okta's API.
pub(in crate::okta) const TOKEN_PATH: &str = "/oauth2/v1/token";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion holds, in seconds; Okta takes up to an hour.
const HOLDS_SECONDS: i64 = 300;

/// Okta's clock is known to the second: what is signed is dated so much earlier, or it could come from the future.
pub(super) const CAUTION_SECONDS: i64 = 2;

/// Who asks for an access token, and for which scopes.
#[derive(Clone)]
pub(in crate::okta) struct TokenRequest {
    /// The app's client ID.
    pub client_id: String,
    /// The id of the public key at Okta.
    pub key_id: String,
    /// The private key.
    pub key: Arc<PrivateKey>,
    /// What is asked for.
    pub scopes: BTreeSet<OAuthScope>,
}

impl TokenRequest {
    /// The body of a request to this address, with an assertion of its own: Okta takes each once only.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(super) fn form(&self, address: &Url, now: Time) -> Result<String, String> {
        let issued = now.epoch_seconds() - CAUTION_SECONDS;
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": address.as_str(),
            "iat": issued, "exp": issued + HOLDS_SECONDS, "jti": jws::new_id()?,
        });
        let assertion = jws::signed(json!({ "kid": self.key_id }), &claims, &self.key)?;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("scope", &names(&self.scopes))
            .append_pair("client_assertion_type", ASSERTION_TYPE)
            .append_pair("client_assertion", &assertion);
        Ok(form.finish())
    }
}

/// The scopes' names as a request has them, in one line.
pub(super) fn names(scopes: &BTreeSet<OAuthScope>) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenRequest({} for {})", names(&self.scopes), self.client_id)
    }
}
