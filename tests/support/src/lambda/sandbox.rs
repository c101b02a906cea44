//! One process of a function, and its Runtime API.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use super::function::Tally;
use super::logs::Logs;
use super::runtime_api::{Event, Report, RuntimeApi};
use super::usage::Reading;
use super::{EXITED, FunctionError, TIMED_OUT};

/// How long a process may take to ask for its first event, as in Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How often a process's use of the machine is looked at while it works.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What every process of a function is started with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) binary: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) time_limit: Duration,
}

/// A process.
#[derive(Debug)]
pub(super) struct Sandbox {
    child: Child,
    api: RuntimeApi,
    tally: Tally,
    last: Reading,
    killed: watch::Receiver<u64>,
}

/// What a wait for a process came to.
enum Heard {
    Report(Report),
    Exit(io::Result<ExitStatus>),
    Killed,
    TimeUp,
}

impl Sandbox {
    /// Starts a process and waits until it asks for its first event.
    pub(super) async fn start(
        settings: &Settings,
        (tally, logs): (Tally, &Logs),
        killed: watch::Receiver<u64>,
    ) -> Result<Sandbox, FunctionError> {
        let started = |error: io::Error| FunctionError::new("Runtime.InvalidEntrypoint", error.to_string());
        let api = RuntimeApi::start().await.map_err(started)?;
        let mut child = Command::new(&settings.binary)
            .env_clear()
            .envs(&settings.environment)
            .env("AWS_LAMBDA_RUNTIME_API", &api.server.authority)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(started)?;
        logs.follow(child.stdout.take());
        logs.follow(child.stderr.take());
        tally.change(|usage| usage.processes += 1);
        let mut sandbox = Sandbox { child, api, tally, last: Reading::default(), killed };
        let time_up = Instant::now() + INIT_LIMIT;
        match sandbox.hear(time_up).await {
            Heard::Report(Report::InitError(error)) => Err(error),
            Heard::Report(Report::Ready | Report::Answer { .. }) => Ok(sandbox),
            Heard::Exit(status) => Err(exited(status)),
            Heard::Killed => Err(sandbox.kill().await),
            Heard::TimeUp => {
                sandbox.kill().await;
                Err(FunctionError::new(TIMED_OUT, "The process did not ask for an event in time."))
            }
        }
    }

    /// Has the process serve one event. Without the process in it, the answer says that it is no more.
    pub(super) async fn serve(
        mut self,
        event: Event,
        time_limit: Duration,
    ) -> (Result<Value, FunctionError>, Option<Sandbox>) {
        let request = event.request.clone();
        let time_up = Instant::now() + time_limit;
        let _ = self.api.events.send(event);
        loop {
            match self.hear(time_up).await {
                Heard::Report(Report::Answer { request: answered, answer }) if answered == request => {
                    self.look();
                    let read = |body: axum::body::Bytes| serde_json::from_slice(&body).unwrap_or_default();
                    return (answer.map(read), Some(self));
                }
                Heard::Report(_) => {}
                Heard::Exit(status) => return (Err(exited(status)), None),
                Heard::Killed => return (Err(self.kill().await), None),
                Heard::TimeUp => {
                    self.kill().await;
                    let message = format!("Task timed out after {:.2} seconds", time_limit.as_secs_f64());
                    return (Err(FunctionError::new(TIMED_OUT, message)), None);
                }
            }
        }
    }

    /// Whether it was killed after its last answer.
    pub(super) fn is_killed(&self) -> bool {
        self.killed.has_changed().unwrap_or(true)
    }

    /// Waits for something to happen, and looks at the process's use of the machine meanwhile.
    async fn hear(&mut self, time_up: Instant) -> Heard {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                // What the process said before it ended comes first.
                biased;
                Some(report) = self.api.reports.recv() => return Heard::Report(report),
                Ok(()) = self.killed.changed() => return Heard::Killed,
                status = self.child.wait() => return Heard::Exit(status),
                () = tokio::time::sleep_until(time_up) => return Heard::TimeUp,
                _ = looks.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        if let Some(now) = self.child.id().and_then(Reading::of) {
            let earlier = std::mem::replace(&mut self.last, now);
            self.tally.change(|usage| usage.add(earlier, now));
        }
    }

    async fn kill(&mut self) -> FunctionError {
        self.look();
        let _ = self.child.kill().await;
        FunctionError::new(EXITED, "Runtime exited with error: signal: killed")
    }
}

fn exited(status: io::Result<ExitStatus>) -> FunctionError {
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    FunctionError::new(EXITED, format!("Runtime exited with error: {status}"))
}

/// Now and this much later, in milliseconds since 1970.
pub(super) fn deadline_after(time_limit: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from((now + time_limit).as_millis()).unwrap_or(u64::MAX)
}
