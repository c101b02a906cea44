//! A deployed function: its processes, and the invocations that they serve.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::logs::Logs;
use super::runtime_api::Event;
use super::sandbox::{Sandbox, Settings, deadline_after};
use super::{FunctionError, Server, Usage, invoke_api};
use crate::calls::Witness;

/// A function, ready to be invoked. When it is dropped its processes are killed.
#[derive(Debug)]
pub struct Function {
    deployed: Arc<Deployed>,
    _api: Server,
    _witness: Option<Witness>,
}

/// An invocation that came to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// What it was given.
    pub event: Value,
    /// What it answered.
    pub answer: Result<Value, FunctionError>,
}

/// What all invocations share.
#[derive(Debug)]
pub(super) struct Deployed {
    pub(super) name: String,
    settings: Settings,
    idle: Mutex<Vec<Sandbox>>,
    tally: Tally,
    logs: Logs,
    requests: AtomicU64,
    ended: Mutex<Vec<Invocation>>,
    /// Asynchronous invocations that have not ended.
    queued: watch::Sender<usize>,
    kill: watch::Sender<u64>,
}

/// What the processes took so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Usage>>);

impl Tally {
    pub(super) fn change(&self, change: impl FnOnce(&mut Usage)) {
        change(&mut lock(&self.0));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Function {
    /// Deploys a binary: it will run with this environment, beside what Lambda itself sets, and an invocation may take so
    /// long. No process is started yet.
    ///
    /// # Errors
    /// When no port is to be had.
    pub async fn deploy(
        binary: &Path,
        mut environment: BTreeMap<String, String>,
        time_limit: Duration,
    ) -> io::Result<Function> {
        let name = binary.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let served = invoke_api::Served::default();
        let api = invoke_api::start(Arc::clone(&served)).await?;
        for (variable, value) in set_by_lambda(&name, &api.authority) {
            environment.entry(variable.to_owned()).or_insert(value);
        }
        let mut witness = Witness::of(&name);
        if let Some(witness) = &mut witness {
            witness.before_all(&mut environment).await;
        }
        let deployed = Arc::new(Deployed {
            name,
            settings: Settings { binary: binary.to_owned(), environment, time_limit },
            idle: Mutex::default(),
            tally: Tally::default(),
            logs: Logs::default(),
            requests: AtomicU64::new(0),
            ended: Mutex::default(),
            queued: watch::Sender::new(0),
            kill: watch::Sender::new(0),
        });
        let _ = served.set(Arc::downgrade(&deployed));
        Ok(Function { deployed, _api: api, _witness: witness })
    }

    /// Invokes it and waits for the answer.
    ///
    /// # Errors
    /// The function's own error, or Lambda's when the process ended or took too long.
    pub async fn invoke(&self, event: Value) -> Result<Value, FunctionError> {
        self.deployed.run(event).await
    }

    /// Invokes it without waiting.
    pub fn start(&self, event: Value) {
        self.deployed.enqueue(event);
    }

    /// Waits until every invocation that nobody waits for has ended, those included that these start.
    pub async fn settle(&self) {
        // The sender lives as long as the function.
        let _ = self.deployed.queued.subscribe().wait_for(|queued| *queued == 0).await;
    }

    /// Kills every process, wherever it is (SIGKILL). Invocations that they serve fail.
    pub fn kill(&self) {
        lock(&self.deployed.idle).clear();
        self.deployed.kill.send_modify(|kills| *kills += 1);
    }

    /// What the processes took so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        *lock(&self.deployed.tally.0)
    }

    /// The invocations that ended, in the order of their ends.
    #[must_use]
    pub fn ended(&self) -> Vec<Invocation> {
        lock(&self.deployed.ended).clone()
    }

    /// The last lines that the processes printed.
    #[must_use]
    pub fn logs(&self) -> String {
        self.deployed.logs.text()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Deployed {
    /// Runs an invocation beside whatever else is running.
    pub(super) fn enqueue(self: &Arc<Self>, event: Value) {
        self.queued.send_modify(|queued| *queued += 1);
        let function = Arc::clone(self);
        tokio::spawn(async move {
            let _ = function.run(event).await;
            function.queued.send_modify(|queued| *queued -= 1);
        });
    }

    /// Runs an invocation in an idle process, or in a new one.
    pub(super) async fn run(&self, event: Value) -> Result<Value, FunctionError> {
        self.tally.change(|usage| usage.invocations += 1);
        let answer = self.serve(&event).await;
        lock(&self.ended).push(Invocation { event, answer: answer.clone() });
        answer
    }

    async fn serve(&self, event: &Value) -> Result<Value, FunctionError> {
        let idle = lock(&self.idle).pop();
        let sandbox = match idle {
            Some(sandbox) => sandbox,
            None => Sandbox::start(&self.settings, (self.tally.clone(), &self.logs), self.kill.subscribe()).await?,
        };
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let event = Event {
            request: format!("00000000-0000-4000-8000-{number:012x}"),
            payload: event.to_string().into_bytes(),
            deadline: deadline_after(self.settings.time_limit),
            arn: format!("arn:aws:lambda:local:000000000000:function:{}", self.name),
        };
        let (answer, sandbox) = sandbox.serve(event, self.settings.time_limit).await;
        lock(&self.idle).extend(sandbox.filter(|sandbox| !sandbox.is_killed()));
        answer
    }
}

/// The variables that Lambda sets for every function (AWS: "Defined runtime environment variables").
fn set_by_lambda(name: &str, api: &str) -> [(&'static str, String); 11] {
    [
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{api}")),
    ]
}
