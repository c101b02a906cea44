//! Keeps a lease while it is held: a task renews it, and everybody who holds a handle sees how fresh it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::calls::Conditional;
use super::keys::Key;
use super::lease::LeaseTimes;
use super::update::{Update, text, whole};
use super::{Directory, DirectoryError};
use crate::clock;
use crate::model::{Job, Time};

/// A moment by both of a machine's clocks.
///
/// A Lambda function that is frozen between two invocations may find its monotonic clock to have stood still, and a
/// wall clock may be set back: whichever saw more time pass is believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    monotonic: Instant,
    pub(super) clock: Time,
}

impl Moment {
    pub(super) fn now() -> Moment {
        Moment { monotonic: Instant::now(), clock: clock::now() }
    }

    fn age(self) -> Duration {
        self.monotonic.elapsed().max(clock::now().since(self.clock))
    }
}

/// What was granted to the holder of a lease.
#[derive(Debug)]
pub(super) struct Grant {
    /// The connection's name.
    pub(super) connection: String,
    pub(super) job: Job,
    /// The run that it is for.
    pub(super) run: String,
    /// The fencing token.
    pub(super) token: u64,
    /// The holder's random id.
    pub(super) holder: String,
}

/// A lease as its holder knows it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) directory: Directory,
    pub(super) key: Key,
    pub(super) connection: String,
    pub(super) job: Job,
    pub(super) run: String,
    pub(super) token: u64,
    pub(super) holder: String,
    /// Runs of which an invocation broke off before this holder came.
    pub(super) broken_off: Vec<String>,
    /// When the last successful renewal was *sent*: counted from then, nobody is surprised by a slow answer.
    renewed: Mutex<Moment>,
    /// Given up, or taken by somebody else.
    gone: AtomicBool,
    renewal: OnceLock<AbortHandle>,
}

impl Held {
    pub(super) fn new(directory: Directory, key: Key, grant: Grant) -> Held {
        let Grant { connection, job, run, token, holder } = grant;
        Held {
            directory,
            key,
            connection,
            job,
            run,
            token,
            holder,
            broken_off: Vec::new(),
            renewed: Mutex::new(Moment::now()),
            gone: AtomicBool::new(false),
            renewal: OnceLock::new(),
        }
    }

    /// The same lease for another run.
    pub(super) fn anew(&self, run: &str) -> Held {
        let grant = Grant {
            connection: self.connection.clone(),
            job: self.job,
            run: run.to_owned(),
            token: self.token,
            holder: self.holder.clone(),
        };
        Held::new(self.directory.clone(), self.key.clone(), grant)
    }

    /// Begins to renew a lease that was acquired by a call sent at that moment.
    pub(super) fn start(held: Held, sent: Moment) -> Arc<Held> {
        held.note_renewal(sent);
        let times = held.directory.lease_times;
        let held = Arc::new(held);
        let renewal = tokio::spawn(keep(Arc::downgrade(&held), times));
        // It is set here only, once.
        let _ = held.renewal.set(renewal.abort_handle());
        held
    }

    pub(super) fn is_fresh(&self) -> bool {
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        !self.gone.load(Ordering::Acquire) && renewed.age() < self.directory.lease_times.write_limit
    }

    /// Ends renewals, and all permits with them.
    pub(super) fn retire(&self) {
        self.gone.store(true, Ordering::Release);
        if let Some(renewal) = self.renewal.get() {
            renewal.abort();
        }
    }

    fn note_renewal(&self, sent: Moment) {
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }

    /// Renews once; whether the lease is still ours.
    async fn renew(&self) -> Result<bool, DirectoryError> {
        let sent = Moment::now();
        // A renewal may arrive after the lease was given up (expiry 0) and must not bring it back. One that comes
        // too late but before anybody else is welcome.
        let update = Update::new()
            .if_compares("holder", "=", text(&self.holder))
            .if_compares("token", "=", whole(self.token))
            .if_compares("expires_at", ">", whole(0))
            .set("expires_at", whole(sent.clock.after(self.directory.lease_times.lasts).millis()));
        match self.directory.update_at_once(&self.key, update).await? {
            Conditional::Done(_) => {
                self.note_renewal(sent);
                Ok(true)
            }
            Conditional::Refused(_) => {
                self.gone.store(true, Ordering::Release);
                Ok(false)
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.retire();
    }
}

/// Renews until the lease is given up, lost, or forgotten by everybody else.
async fn keep(held: Weak<Held>, times: LeaseTimes) {
    let mut pause = times.renewed_every;
    loop {
        tokio::time::sleep(pause).await;
        let Some(held) = held.upgrade() else { return };
        // An answer that never comes must not keep the next try from being made.
        pause = match tokio::time::timeout(times.renewed_every, held.renew()).await {
            Ok(Ok(true)) => times.renewed_every,
            Ok(Ok(false)) => {
                tracing::warn!(connection = held.connection, job = held.job.name(), run = held.run, "lease lost");
                return;
            }
            Ok(Err(error)) => {
                tracing::warn!(connection = held.connection, run = held.run, %error, "lease not renewed");
                times.renewed_every / 5
            }
            Err(_) => {
                tracing::warn!(connection = held.connection, run = held.run, "renewal of the lease timed out");
                times.renewed_every / 5
            }
        };
    }
}
