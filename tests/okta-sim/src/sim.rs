//! A running simulator.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::call::Call;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::http::{Shared, lock, serve};
use crate::options::Options;
use crate::org::Org;
use crate::role::Role;

/// A handle on a running org. Clones share it; when the last one is dropped, the server stops.
#[derive(Clone)]
pub struct Sim {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// Dropped with the last handle, which is what stops the server.
    _stop: oneshot::Sender<()>,
}

impl Sim {
    /// Binds 127.0.0.1 and serves the org on a task of the current runtime.
    ///
    /// From now on the org's clock runs: real time and the skew of the options.
    ///
    /// # Errors
    ///
    /// When the port cannot be bound.
    pub async fn start(mut org: Org, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        org.set_clock(Clock::running(options.clock_skew));
        org.set_index_lag(options.index_lag);
        org.set_log_delay(options.log_delay);
        let shared = Arc::new(Shared::new(org, options, url));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, Arc::clone(&shared), stopped));
        Ok(Self { inner: Arc::new(Inner { shared, _stop: stop }) })
    }

    /// The base URL, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.inner.shared.url.clone()
    }

    /// The API token of the options, or the one set last.
    #[must_use]
    pub fn token(&self) -> String {
        let token = lock(&self.inner.shared.token).clone();
        token.unwrap_or_else(|| self.inner.shared.options.token.clone())
    }

    /// Looks at the org, or changes it. No request is answered meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Org) -> T) -> T {
        work(&mut lock(&self.inner.shared.org))
    }

    /// Adds a fault to the script.
    pub fn inject(&self, fault: Fault) {
        lock(&self.inner.shared.faults).add(fault);
    }

    /// Forgets every fault that has not struck yet.
    pub fn clear_faults(&self) {
        lock(&self.inner.shared.faults).clear();
    }

    /// The ids of what a list has left out for a [`crate::FaultKind::MissingObject`].
    #[must_use]
    pub fn left_out(&self) -> BTreeSet<String> {
        lock(&self.inner.shared.left_out).clone()
    }

    /// Every request seen, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inner.shared.calls).all().to_vec()
    }

    /// Forgets the requests seen so far.
    pub fn clear_calls(&self) {
        lock(&self.inner.shared.calls).clear();
    }

    /// Gives the token's owner another role, from the next request on.
    pub fn set_role(&self, role: Role) {
        *lock(&self.inner.shared.role) = Arc::new(role);
    }

    /// Revokes the token: 401 `E0000011` from now on.
    pub fn revoke_token(&self) {
        *lock(&self.inner.shared.token) = None;
    }

    /// Accepts this token from now on, and no other.
    pub fn set_token(&self, token: &str) {
        *lock(&self.inner.shared.token) = Some(token.to_owned());
    }
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sim").field("url", &self.inner.shared.url).finish_non_exhaustive()
    }
}
