//! Okta's management API over HTTP/1.1, as far as a directory sync reads it.
//!
//! `gate` takes every request through the same steps: note the call, limits, faults, credential,
//! then the endpoint (`users`, `groups`, `devices`, `assurances`, `apps`, `logs`, `organization`), then whatever a fault does to the
//! answer. `control` is the simulator's own door, under `/sim`.

mod answer;
mod app_groups;
mod app_users;
mod apps;
mod ask;
mod assurances;
mod call_log;
mod control;
mod cursor;
mod devices;
mod gate;
mod groups;
mod listing;
mod logs;
mod organization;
mod projection;
mod rate;
mod response;
mod spoil;
mod users;
mod wire;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::fault::FaultScript;
use crate::options::Options;
use crate::org::Org;
use crate::role::Role;
pub(crate) use call_log::CallLog;
use rate::Windows;
use wire::{Listener, Wire};

/// Everything that requests share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) url: String,
    pub(crate) org: Mutex<Org>,
    /// The token accepted; `None` once revoked.
    pub(crate) token: Mutex<Option<String>>,
    pub(crate) role: Mutex<Arc<Role>>,
    pub(crate) faults: Mutex<FaultScript>,
    pub(crate) calls: Mutex<CallLog>,
    windows: Mutex<Windows>,
    in_flight: AtomicUsize,
    requests: AtomicU64,
    /// The last object of the latest page of each path, for pages that repeat it.
    last_objects: Mutex<HashMap<String, Vec<u8>>>,
    /// The ids of what lists have left out.
    pub(crate) left_out: Mutex<BTreeSet<String>>,
}

impl Shared {
    pub(crate) fn new(org: Org, options: Options, url: String) -> Self {
        Self {
            url,
            org: Mutex::new(org),
            token: Mutex::new(Some(options.token.clone())),
            role: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
            windows: Mutex::new(Windows::of(&options)),
            in_flight: AtomicUsize::new(0),
            requests: AtomicU64::new(1),
            last_objects: Mutex::default(),
            left_out: Mutex::default(),
            options,
        }
    }
}

/// Locks, whether or not another thread panicked while it held the lock: tests go on to report it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until `stop` resolves, which it also does when its sender is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: oneshot::Receiver<()>) -> io::Result<()> {
    let service = Router::new().fallback(gate::handle).with_state(shared).into_make_service_with_connect_info::<Wire>();
    axum::serve(Listener(listener), service)
        .with_graceful_shutdown(async {
            // Either way the last handle is gone.
            let _ = stop.await;
        })
        .await
}
