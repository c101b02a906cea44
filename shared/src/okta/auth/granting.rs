//! What an attempt goes with, and where an access token comes from.
//!
//! Okta's page "Implement OAuth for Okta with a service app" has the request. Whether an app has to give proofs of
//! possession cannot be asked: the first request is refused and says so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::Pass;
use super::access_tokens::AccessToken;
use super::assertion::TOKEN_PATH;
use super::credential::{InUse, fingerprint};
use crate::model::{OAuthScope, Time};
use crate::okta::attempt::{Ask, Received};
use crate::okta::client::Okta;
use crate::okta::fault::{Fault, Subject};
use crate::okta::query::PageRequest;
use crate::okta::{NoAnswer, OktaError};

/// An access token is renewed so long before its end: what was asked with it may still wait for its turn.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

impl Okta {
    /// What the next attempt at a request goes with. A service app's access token is asked for if there is none.
    pub(in crate::okta) async fn pass(&self, ask: &Ask) -> Result<Pass, OktaError> {
        let in_use = self.credential();
        match ask.subject {
            Subject::Public => Ok(Pass::Nobody),
            _ if in_use.is_service_app() => self.access_token(in_use, scope_of(ask.request.path())).await,
            _ => Ok(Pass::ApiToken(in_use.secret())),
        }
    }

    /// Whether a request that was refused may be tried once more: with a newer credential, a new access token or another
    /// proof.
    pub(in crate::okta) async fn has_better(&self, refused: &Pass, fault: Fault) -> Result<bool, OktaError> {
        match (fault, refused) {
            (Fault::InvalidToken, Pass::ApiToken(secret)) => self.credential().is_there_a_newer_than(secret).await,
            (Fault::AccessTokenRefused, Pass::AccessToken(token, _)) => {
                token.refuse();
                Ok(true)
            }
            (Fault::NonceWanted | Fault::ProofRefused, Pass::AccessToken(token, _)) => Ok(token.bound_to.is_some()),
            _ => Ok(false),
        }
    }

    /// One access token for all scopes that the connection needs. Were one of them not granted, Okta would give none at
    /// all: then each API is asked with a token of its own, so that one is refused and the others are not.
    async fn access_token(&self, app: &InUse, scope: OAuthScope) -> Result<Pass, OktaError> {
        let scopes = app.scopes_for(scope);
        match self.granted(app, &scopes).await {
            Err(OktaError::Refused { fault: Fault::ScopeMissing, answer }) if scopes.len() > 1 => {
                tracing::warn!(%answer, "not every scope is granted: each API is asked with an access token of its own");
                app.split();
                self.granted(app, &app.scopes_for(scope)).await
            }
            outcome => outcome,
        }
        .map(|token| Pass::AccessToken(token, Arc::clone(&app.holder)))
    }

    /// The access token with these scopes: the one that is there, or a new one.
    async fn granted(&self, app: &InUse, scopes: &BTreeSet<OAuthScope>) -> Result<Arc<AccessToken>, OktaError> {
        let place = app.holder.place(scopes);
        let out_of_time = |_| OktaError::DeadlineReached { what: format!("POST {TOKEN_PATH}") };
        let mut held = match self.deadline() {
            Some(deadline) => tokio::time::timeout_at(deadline, place.lock()).await.map_err(out_of_time)?,
            None => place.lock().await,
        };
        if let Some(token) = held.as_ref().filter(|token| token.serves(&fingerprint(&app.secret()), self.now())) {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(self.ask_for_token(app, scopes).await?);
        *held = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Asks for an access token. What is refused in another way each time is tried again: the endpoint wants a proof, then
    /// a nonce in it, and may not take an assertion because of the clock, which every answer corrects, or because the key
    /// was replaced.
    async fn ask_for_token(&self, app: &InUse, scopes: &BTreeSet<OAuthScope>) -> Result<AccessToken, OktaError> {
        let mut met: Vec<Fault> = Vec::new();
        loop {
            let secret = app.secret();
            let pass = Pass::Assertion(app.token_request(&secret, scopes)?, Arc::clone(&app.holder));
            let read = |_: &Ask, received: &Received| read(received);
            let error = match self.repeat(token_endpoint(), &pass, &read).await {
                Ok((granted, asked)) => return keep(app, granted, asked, fingerprint(&secret)),
                Err(error) => error,
            };
            let OktaError::Refused { fault, .. } = &error else { return Err(error) };
            match fault {
                _ if met.contains(fault) => return Err(error),
                Fault::ClientRefused => drop(app.is_there_a_newer_than(&secret).await?),
                Fault::ProofRefused => app.holder.begin_proofs().map_err(|why| OktaError::Unusable { why })?,
                Fault::NonceWanted => {}
                _ => return Err(error),
            }
            met.push(*fault);
            self.usage().count_retried();
        }
    }
}

fn token_endpoint() -> Ask {
    Ask { request: PageRequest::new(TOKEN_PATH, &[]), subject: Subject::TokenEndpoint }
}

fn read(received: &Received) -> Result<(Granted, Time), OktaError> {
    // What the parser says of the body could quote the token.
    let granted: Granted = serde_json::from_slice(&received.body)
        .map_err(|_| received.unreadable("the answer has no access token".to_owned()))?;
    Ok((granted, received.date))
}

/// An access token as it is kept; the time until its renewal counts from when Okta gave it.
fn keep(app: &InUse, granted: Granted, given: Time, credential: [u8; 32]) -> Result<AccessToken, OktaError> {
    let life = Duration::from_secs(granted.expires_in);
    let bound_to = match granted.token_type.to_ascii_lowercase().as_str() {
        "dpop" => app.holder.proof_key(),
        "bearer" => None,
        _ => {
            let detail = "the access token is of a type that nobody asked for".to_owned();
            return Err(OktaError::NoAnswer { how: NoAnswer::Unreadable, what: format!("POST {TOKEN_PATH}"), detail });
        }
    };
    let renew_at = given.after(life.saturating_sub(EARLY.min(life / 4)));
    Ok(AccessToken::new(granted.access_token, bound_to, (renew_at, credential)))
}

/// The scope that an API needs, by its path (Okta: OAuth 2.0 scopes).
fn scope_of(path: &str) -> OAuthScope {
    let rest = path.strip_prefix("/api/v1/").unwrap_or_default();
    match rest.split('/').next().unwrap_or_default() {
        "groups" => OAuthScope::Groups,
        "logs" => OAuthScope::Logs,
        "devices" => OAuthScope::Devices,
        "device-assurances" => OAuthScope::DeviceAssurance,
        "apps" => OAuthScope::Apps,
        "meta" if rest.starts_with("meta/types") => OAuthScope::UserTypes,
        "meta" => OAuthScope::Schemas,
        _ => OAuthScope::Users,
    }
}
