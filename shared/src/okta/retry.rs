//! Sending a request again: five tries, with pauses that grow and are never past the deadline.
//!
//! All requests are reads, or ask for an access token, so repeating one is safe.

use std::time::Duration;

use tokio::time::Instant;

use super::OktaError;
use super::attempt::{Ask, Received};
use super::auth::Pass;
use super::client::Okta;
use super::fault::{Fault, Throttle};

/// Times that one request is sent at most.
const TRIES: u32 = 5;

/// The first pause is up to so long, each further one up to twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Okta {
    /// Asks until Okta answers and `read` can make sense of the answer. Where the credential is refused and there is a
    /// newer one, it is asked again with that: a token or a key may be replaced while a run is at work.
    pub(super) async fn ask<T>(
        &self,
        ask: Ask,
        read: impl Fn(&Ask, &Received) -> Result<T, OktaError>,
    ) -> Result<T, OktaError> {
        let mut met: Vec<Fault> = Vec::new();
        loop {
            let pass = self.pass(&ask).await?;
            let error = match self.repeat(ask.clone(), &pass, &read).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match &error {
                OktaError::Refused { fault, .. } if !met.contains(fault) && self.has_better(&pass, *fault).await? => {
                    met.push(*fault);
                }
                _ => return Err(error),
            }
            tracing::info!(okta.asked = ask.request.path(), %error, "Okta is asked again, signed anew");
            self.usage().count_retried();
        }
    }

    /// Sends a request, signed with the pass, until it succeeds and `read` can make sense of the answer. An answer that
    /// cannot be read is as transient as one that was cut short.
    pub(super) async fn repeat<T>(
        &self,
        mut ask: Ask,
        pass: &Pass,
        read: &impl Fn(&Ask, &Received) -> Result<T, OktaError>,
    ) -> Result<T, OktaError> {
        let mut tries = 1;
        loop {
            let outcome = self.attempt(&ask, pass).await.and_then(|received| read(&ask, &received));
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) if tries >= TRIES || !error.is_transient() => return Err(error),
                Err(error) => error,
            };
            tracing::warn!(okta.asked = ask.request.path(), tries, %error, "Okta is asked again");
            if error.asks_for_smaller_pages() {
                ask.request = ask.request.halved();
            }
            self.rest(pause(&error, tries), &ask).await?;
            self.usage().count_retried();
            tries += 1;
        }
    }

    async fn rest(&self, pause: Duration, ask: &Ask) -> Result<(), OktaError> {
        let until = Instant::now() + pause;
        if self.deadline().is_some_and(|deadline| deadline <= until) {
            return Err(OktaError::DeadlineReached { what: ask.what() });
        }
        tokio::time::sleep_until(until).await;
        Ok(())
    }
}

/// How long to rest before the next try. Drawn from the whole range, so that callers that failed together
/// do not come back together.
fn pause(error: &OktaError, tries: u32) -> Duration {
    match error {
        // The bucket's pace waits for the reset, this caller among the others.
        OktaError::Refused { fault: Fault::Throttled(Throttle::Ceiling), .. } => Duration::ZERO,
        OktaError::Refused { fault: Fault::Throttled(Throttle::Concurrency), .. } => {
            Duration::from_millis(fastrand::u64(500..5_000))
        }
        _ => {
            let longest = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(10)).min(LONGEST_PAUSE);
            longest.mul_f64(fastrand::f64())
        }
    }
}
