//! A connection's credential while a run uses it, and how a newer version of its secret is taken up.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::access_tokens::{AccessTokens, Holder};
use super::assertion::TokenRequest;
use super::private_key::PrivateKey;
use crate::model::{Auth, OAuthScope, Secret};
use crate::okta::OktaError;

/// A secret that was the same so short a time ago is not read again: several readers may be refused at once.
const LATELY: Duration = Duration::from_secs(10);

/// Reads the secret's newest version. Okta does not know the secret store, so it is told how.
pub type ReadSecret = Arc<dyn Fn() -> BoxFuture<'static, Result<Secret, OktaError>> + Send + Sync>;

/// How a connection signs in.
#[derive(Clone)]
pub struct Credential {
    /// The kind of credential, and what is no secret of it.
    pub auth: Auth,
    /// The scopes that a service app asks for.
    pub scopes: BTreeSet<OAuthScope>,
    /// What the secret holds.
    pub secret: Secret,
    /// Reads the secret again, when Okta refuses what it held.
    pub read_again: ReadSecret,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({:?}, redacted)", self.auth)
    }
}

/// Whether a secret can be used to sign in this way, as far as it can be told without asking Okta.
///
/// # Errors
/// What is wrong with it, in words that follow "the secret"; never its text.
pub fn check_credential(auth: &Auth, secret: &Secret) -> Result<(), String> {
    match auth {
        Auth::ApiToken { .. } if secret.text().contains("-----BEGIN") || secret.text().starts_with('{') => Err(
            "holds a private key or another document, and the connection signs in with an API token alone: with a key \
                 its `okta.auth.kind` has to be `private_key_jwt`"
                .to_owned(),
        ),
        Auth::ApiToken { .. } => super::authorization("SSWS", secret.api_token()).map(drop),
        Auth::PrivateKeyJwt { key_id, .. } => {
            let key = PrivateKey::read(secret.text())?;
            key_id_of(&key, key_id.as_deref()).map(drop)
        }
    }
}

/// The id that the assertion names. A JWK's own comes first: it changes together with the key.
fn key_id_of(key: &PrivateKey, configured: Option<&str>) -> Result<String, String> {
    key.key_id.as_deref().or(configured).map(str::to_owned).ok_or_else(|| {
        "holds a key without an id: give the one that Okta shows beside the public key as `okta.auth.key_id`".to_owned()
    })
}

/// A credential in use.
pub(in crate::okta) struct InUse {
    auth: Auth,
    secret: Mutex<Secret>,
    read_again: ReadSecret,
    /// When the secret was last read again and was the same; whoever reads it holds the lock.
    looked: tokio::sync::Mutex<Option<Instant>>,
    scopes: BTreeSet<OAuthScope>,
    /// Whether each API is asked with a token of its own, because not every scope is granted.
    is_split: AtomicBool,
    /// What the process has of the service app.
    pub(super) holder: Arc<Holder>,
}

impl InUse {
    /// Takes a credential into use at an org.
    pub(in crate::okta) fn begin(credential: Credential, host: &str, tokens: &AccessTokens) -> InUse {
        let Credential { auth, scopes, secret, read_again } = credential;
        let holder = match &auth {
            Auth::ApiToken { .. } => Arc::default(),
            Auth::PrivateKeyJwt { client_id, .. } => tokens.holder(host, client_id),
        };
        let (secret, looked) = (Mutex::new(secret), tokio::sync::Mutex::default());
        InUse { auth, secret, read_again, looked, scopes, is_split: AtomicBool::new(false), holder }
    }

    /// Tells the client from another at Okta, which gives each its own ceiling: an API token, or a service app whatever its
    /// key and its access token.
    pub(in crate::okta) fn client(&self) -> [u8; 32] {
        match &self.auth {
            Auth::ApiToken { .. } => Sha256::digest(self.secret().api_token()).into(),
            Auth::PrivateKeyJwt { client_id, .. } => Sha256::digest(format!("client {client_id}")).into(),
        }
    }

    /// Whether it is a service app.
    pub(super) fn is_service_app(&self) -> bool {
        matches!(self.auth, Auth::PrivateKeyJwt { .. })
    }

    /// The newest version of the secret that is known.
    pub(super) fn secret(&self) -> Secret {
        self.secret.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request for an access token with these scopes, to be signed with the key in this version of the secret.
    pub(super) fn token_request(
        &self,
        secret: &Secret,
        scopes: &BTreeSet<OAuthScope>,
    ) -> Result<TokenRequest, OktaError> {
        let unusable = |why: String| OktaError::Unusable { why: format!("the secret {} {why}", self.auth.secret()) };
        let Auth::PrivateKeyJwt { client_id, key_id, .. } = &self.auth else {
            return Err(unusable("holds an API token, which needs no access token".to_owned()));
        };
        let key = PrivateKey::read(secret.text()).map_err(unusable)?;
        let key_id = key_id_of(&key, key_id.as_deref()).map_err(unusable)?;
        Ok(TokenRequest { client_id: client_id.clone(), key_id, key: Arc::new(key), scopes: scopes.clone() })
    }

    /// Whether there is a newer version of the secret than the one that Okta refused. Of several who ask at once one looks.
    pub(super) async fn is_there_a_newer_than(&self, refused: &Secret) -> Result<bool, OktaError> {
        let mut looked = self.looked.lock().await;
        if self.secret() != *refused {
            return Ok(true);
        }
        if looked.is_some_and(|at| at.elapsed() < LATELY) {
            return Ok(false);
        }
        let read = (self.read_again)().await?;
        let is_newer = read != *refused;
        if is_newer {
            tracing::info!("the credential was replaced: its new version is used from here on");
        } else {
            *looked = Some(Instant::now());
        }
        *self.secret.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(is_newer)
    }

    /// Asks each API with a token of its own from now on.
    pub(super) fn split(&self) {
        self.is_split.store(true, Ordering::Relaxed);
    }

    /// The scopes to ask for when an API is to be read that needs this one.
    pub(super) fn scopes_for(&self, scope: OAuthScope) -> BTreeSet<OAuthScope> {
        let is_together = self.scopes.contains(&scope) && !self.is_split.load(Ordering::Relaxed);
        if is_together { self.scopes.clone() } else { BTreeSet::from([scope]) }
    }
}

/// Tells a secret from another without holding it.
pub(super) fn fingerprint(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.text().as_bytes()).into()
}
