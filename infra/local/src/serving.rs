//! What `rollcall serve` keeps running: a stack that other processes may use, its functions, the HTTP endpoint, and the ticks
//! by which schedules are kept.
//!
//! It is driven as in AWS: at every tick each job's function is invoked for all connections, finds out which of them are due,
//! and invokes itself for each, through the Lambda endpoint.

use std::path::Path;
use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::handlers::Event;
use rollcall_shared::model::Job;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::functions::{Bound, FunctionsEndpoint, Invocations};
use crate::http_endpoint::{BoundHttp, HttpEndpoint};
use crate::stack::announcement::{Addresses, Announcement};
use crate::stack::{Stack, StackError};

/// What is to be served.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The HTTP endpoint's port; 0 for any that is free.
    pub port: u16,
    /// How often schedules are looked at; `None` for never.
    pub tick: Option<Duration>,
}

/// A stack that is being served.
pub struct Serving {
    /// What the handlers get.
    pub context: Context,
    stack: Stack,
    functions: FunctionsEndpoint,
    http: HttpEndpoint,
    ticks: Option<JoinHandle<()>>,
    announcement: Announcement,
}

impl Serving {
    /// Serves the stack in a data directory.
    ///
    /// # Errors
    /// When another process owns the directory, the port is not to be had, or the stack cannot be started.
    pub async fn start(directory: &Path, wanted: Wanted) -> Result<Serving, StackError> {
        let stack = Stack::own(directory).await?;
        let port = |source| StackError::Port { port: wanted.port, source };
        let http = BoundHttp::bind(wanted.port).await.map_err(port)?;
        let bound = Bound::bind().await.map_err(|source| StackError::Port { port: 0, source })?;
        let context = Context::new(stack.with_functions(&bound.url)).await?;
        let (lambda, http_url) = (Some(bound.url.clone()), Some(http.url.clone()));
        let addresses = Addresses { lambda, http: http_url, ..stack.addresses.clone() };
        let http = http.serve(context.clone());
        let functions = bound.serve(context.clone());
        let ticks = wanted.tick.map(|every| tokio::spawn(tick(functions.invocations.clone(), every)));
        let in_directory = |source| StackError::DataDirectory { directory: directory.to_owned(), source };
        let announcement = Announcement::make(directory, &addresses).map_err(in_directory)?;
        Ok(Serving { context, stack, functions, http, ticks, announcement })
    }

    /// The HTTP endpoint's URL.
    pub fn http_url(&self) -> &str {
        &self.http.url
    }

    /// Where the stack's DynamoDB answers.
    pub fn dynamodb_url(&self) -> &str {
        self.stack.dynamodb_url()
    }

    /// How many invocations are under way.
    pub fn under_way(&self) -> usize {
        self.functions.invocations.under_way()
    }

    /// Starts nothing more, and gives the runs so long to come to where they can be taken up, unless `at_once` comes first.
    /// Whatever became of them, no lease is held afterwards. What went wrong is logged: there is nobody left to handle it.
    pub async fn end(self, within: Duration, at_once: impl Future<Output = ()>) {
        let Serving { context, stack, functions, http, ticks, announcement } = self;
        // From here on other commands wait until the directory is free.
        drop((announcement, http));
        ticks.iter().for_each(JoinHandle::abort);
        tokio::select! {
            () = functions.invocations.stop(within) => {}
            () = at_once => {}
        }
        functions.invocations.stop(Duration::ZERO).await;
        if let Err(error) = stack.lapse_leases().await {
            tracing::warn!(%error, "the leases could not be given up; they lapse by time");
        }
        drop((functions, context));
        stack.close().await;
    }
}

/// Invokes every job's function at every tick, the first one after the first pause.
async fn tick(invocations: Invocations, every: Duration) {
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    // After a machine has slept, one look is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        for job in Job::ALL {
            invocations.start(job, Event::default());
        }
    }
}
