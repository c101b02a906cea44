//! The access tokens of service apps, kept for the whole process: an app asks for one an hour, not for one a run.
//!
//! Kept per org, app and scopes. Whoever wants one while it is being asked for waits for that answer.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::private_key::PrivateKey;
use crate::model::{OAuthScope, Time};

/// Every access token of the process.
#[derive(Clone, Default)]
pub struct AccessTokens {
    apps: Arc<Mutex<HashMap<App, Arc<Holder>>>>,
}

/// A service app: its org's address, and its client ID.
type App = (String, String);

/// What the process has of one service app at one org.
#[derive(Default)]
pub(in crate::okta) struct Holder {
    places: Mutex<HashMap<BTreeSet<OAuthScope>, Arc<Place>>>,
    proofs: Mutex<Proofs>,
}

/// Where an access token is kept; who asks for a new one holds the lock meanwhile.
pub(super) type Place = tokio::sync::Mutex<Option<Arc<AccessToken>>>;

/// Proofs of possession, for an app that has to give them.
#[derive(Default)]
struct Proofs {
    /// The key pair, once Okta has asked for a proof.
    key: Option<Arc<PrivateKey>>,
    /// The newest nonce for each place.
    nonces: HashMap<Audience, String>,
}

/// Who gave a nonce, and wants it in the next proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Audience {
    /// The token endpoint.
    TokenEndpoint,
    /// Okta's API.
    Api,
}

/// An access token: opaque, and good for an hour.
pub(in crate::okta) struct AccessToken {
    /// The token itself.
    pub(super) value: String,
    /// The key pair that it is bound to, if it is.
    pub(super) bound_to: Option<Arc<PrivateKey>>,
    /// When to ask for the next one, by Okta's clock.
    renew_at: Time,
    /// The credential that it was asked for with.
    credential: [u8; 32],
    /// Whether Okta takes it no longer.
    is_refused: AtomicBool,
}

impl AccessTokens {
    /// What there is of an app, by its org's address and its client ID.
    pub(super) fn holder(&self, host: &str, client_id: &str) -> Arc<Holder> {
        Arc::clone(lock(&self.apps).entry((host.to_owned(), client_id.to_owned())).or_default())
    }
}

impl Holder {
    /// Where the access token with these scopes is kept.
    pub(super) fn place(&self, scopes: &BTreeSet<OAuthScope>) -> Arc<Place> {
        Arc::clone(lock(&self.places).entry(scopes.clone()).or_default())
    }

    /// The key pair for proofs; `None` while Okta has not asked for any.
    pub(super) fn proof_key(&self) -> Option<Arc<PrivateKey>> {
        lock(&self.proofs).key.clone()
    }

    /// From now on every request goes with a proof.
    ///
    /// # Errors
    /// When no key pair can be made.
    pub(super) fn begin_proofs(&self) -> Result<(), String> {
        let mut proofs = lock(&self.proofs);
        if proofs.key.is_none() {
            proofs.key = Some(Arc::new(PrivateKey::generate()?));
        }
        Ok(())
    }

    /// The nonce for the next proof.
    pub(super) fn nonce(&self, audience: Audience) -> Option<String> {
        lock(&self.proofs).nonces.get(&audience).cloned()
    }

    /// Notes the nonce that an answer gave.
    pub(super) fn note_nonce(&self, audience: Audience, nonce: &str) {
        lock(&self.proofs).nonces.insert(audience, nonce.to_owned());
    }
}

impl AccessToken {
    /// A new one, to be renewed at this time; with the credential that it was asked for with.
    pub(super) fn new(
        value: String,
        bound_to: Option<Arc<PrivateKey>>,
        (renew_at, credential): (Time, [u8; 32]),
    ) -> AccessToken {
        AccessToken { value, bound_to, renew_at, credential, is_refused: AtomicBool::new(false) }
    }

    /// Notes that Okta takes it no longer: whoever needs one asks for another.
    pub(super) fn refuse(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Whether it can be used at this time, by somebody with this credential.
    pub(super) fn serves(&self, credential: &[u8; 32], now: Time) -> bool {
        let is_good = now < self.renew_at && !self.is_refused.load(Ordering::Relaxed);
        is_good && self.credential == *credential
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessTokens")
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Holder")
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessToken(redacted, to be renewed at {})", self.renew_at)
    }
}

/// No lock here is held over anything that can panic half-way, so a poisoned one is still sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
