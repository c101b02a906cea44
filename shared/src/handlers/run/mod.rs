//! A run's life: opened under a lease, taken up when another left it unfinished, and closed with a report.

mod alone;
mod open;
mod problems;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use ulid::Ulid;

pub(crate) use self::alone::{begin_alone, busy, find, holds, list, not_in_state, take};
use self::open::blank;
pub(crate) use self::open::{Announced, Opened, announce, open, open_shared};
pub(crate) use self::problems::{held_problem, too_many_invocations};
use super::interruption::Interruption;
use crate::clock;
use crate::directory::{Directory, Lease};
use crate::error::{Error, Fate};
use crate::groups::Resolved;
use crate::halt::Halt;
use crate::line::Line;
use crate::model::{Connection, DAY, Plans};
use crate::okta::Okta;
use crate::report::{Problem, RunReport, RunState};
use crate::telemetry::metrics;

/// A run that this process holds the lease of.
pub(crate) struct Run {
    pub(crate) lease: Lease,
    pub(crate) report: RunReport,
    /// Whether it is an unfinished run of an earlier invocation.
    pub(crate) taken_up: bool,
    /// The directory, with a meter of this invocation's own.
    pub(crate) directory: Directory,
    /// The org's client, once there is one.
    pub(crate) okta: Option<Okta>,
    /// Whether the process is about to end.
    pub(crate) halt: Halt,
}

/// A run taken up later than this after its beginning starts anew: what it kept back for its end may be out of date, and
/// expires.
pub(crate) const OLDEST: Duration = DAY;

impl Run {
    /// Whether it began too long ago to be gone on with.
    pub(crate) fn is_too_old(&self) -> bool {
        clock::now().since(self.report.started) > OLDEST
    }

    /// The checkpoint to go on from, if an earlier invocation left one that can be read.
    pub(crate) async fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if !self.taken_up {
            return Ok(None);
        }
        let value = self.directory.checkpoint(self.lease.run()).await?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// What the run's records go through: for one that follows others, and writes whatever Okta bears out.
    ///
    /// # Errors
    /// When the state table cannot be read.
    pub(crate) async fn line(
        &self,
        okta: Okta,
        connection: Arc<Connection>,
        resolved: Resolved,
    ) -> Result<Line, Error> {
        let line = Line {
            okta,
            directory: self.directory.clone(),
            groups: resolved.groups,
            first_import: false,
            is_new: false,
            plans: Plans::Everything,
            unsynced: self.directory.unsynced_ids(&connection.name).await?.into(),
            reported: Mutex::default(),
            untold: AtomicBool::new(false),
            warnings: self.report.warnings.iter().cloned().collect::<BTreeSet<_>>().into(),
            lease: self.lease.clone(),
            connection,
            policies: OnceCell::new(),
            halt: self.halt.clone(),
        };
        resolved.warnings.iter().for_each(|warning| line.warn(warning));
        Ok(line)
    }

    /// Adds to the report what this invocation used, where no checkpoint adds it up.
    pub(crate) fn note_use(&mut self) {
        if let Some(okta) = &self.okta {
            self.report.okta = self.report.okta + okta.used();
            self.report.progress.calls_left = okta.calls_left();
        }
        self.report.dynamodb = self.report.dynamodb + self.directory.used();
    }

    /// Leaves the unfinished run that was taken up, which is too old or of other mappings, and begins a new one.
    pub(crate) async fn start_anew(&mut self) -> Result<(), Error> {
        let new = Ulid::generate().to_string();
        let problem = Problem::new(
            "abandoned",
            "The run was left unfinished",
            format!("The run was unfinished for too long, or its mappings have changed; run {new} took its place."),
            "Nothing to do.",
        );
        let left = RunReport {
            state: RunState::Failed,
            ended: Some(clock::now()),
            problem: Some(problem),
            ..self.report.clone()
        };
        self.directory.put_run(&self.lease, &left).await?;
        self.begin(&new).await?;
        tracing::info!(run = self.report.run, connection = left.connection, left = left.run, "run started anew");
        Ok(())
    }

    /// Goes on as a run of its own, where it began as one that several invocations share.
    pub(crate) async fn set_apart(&mut self) -> Result<(), Error> {
        if self.taken_up {
            // Its report says that it is at work, which it is no more.
            (self.report.state, self.report.ended) = (RunState::Succeeded, Some(clock::now()));
            self.directory.put_run(&self.lease, &self.report).await?;
        }
        self.begin(&Ulid::generate().to_string()).await?;
        tracing::info!(run = self.report.run, connection = self.report.connection, "run set apart");
        Ok(())
    }

    /// Begins another run in the place of this one, of which nothing is gone on with.
    async fn begin(&mut self, new: &str) -> Result<(), Error> {
        self.lease = self.lease.clone().start_anew(new).await?;
        self.report =
            RunReport { invocations: 1, ..blank(self.lease.run(), self.lease.connection(), self.lease.job()) };
        self.taken_up = false;
        self.directory.open_run(&self.lease, &self.report).await?;
        Ok(())
    }

    /// Closes a run that came to its end, as its report says: also where a mapping could not be worked on, for which the
    /// others must not be left alone for longer.
    pub(crate) async fn complete(self) -> Result<RunReport, Error> {
        self.directory.put_run(&self.lease, &self.report).await?;
        match self.report.state {
            RunState::Succeeded | RunState::Held => self.lease.clone().succeed().await?,
            RunState::Running | RunState::Failed | RunState::Blind | RunState::Cancelled => {
                self.lease.clone().finish().await?;
            }
        }
        Ok(self.closed())
    }

    /// Closes a run that was stopped, as its report says.
    pub(crate) async fn close(self) -> Result<RunReport, Error> {
        if self.report.state == RunState::Cancelled {
            return self.complete().await;
        }
        self.directory.put_run(&self.lease, &self.report).await?;
        self.lease.clone().fail().await?;
        Ok(self.closed())
    }

    fn closed(self) -> RunReport {
        tracing::info!(run = self.report.run, state = ?self.report.state, "run closed");
        self.measured()
    }

    /// The report, once the invocation has been measured.
    fn measured(self) -> RunReport {
        let okta = self.okta.as_ref().map(Okta::used).unwrap_or_default();
        metrics::invocation_ended(&self.report, okta, self.directory.used());
        self.report
    }

    /// Ends the invocation, and with it the run unless only the time was up.
    ///
    /// # Errors
    /// When the report cannot be written; a failed run is not an error here, its report says so.
    pub(crate) async fn interrupted(mut self, interruption: Interruption) -> Result<RunReport, Error> {
        let (state, problem) = match interruption {
            Interruption::Deadline => {
                self.lease.clone().hand_over().await?;
                return Ok(self.measured());
            }
            Interruption::Cancelled => (RunState::Cancelled, None),
            Interruption::Blind(problem) => (RunState::Blind, Some(problem)),
            Interruption::Error(error) => {
                tracing::error!(run = self.report.run, fate = ?error.fate(), "{error}");
                let resumable = error.fate() == Fate::Retryable;
                let problem = Some(error.problem());
                self.report = RunReport { state: RunState::Failed, ended: Some(clock::now()), problem, ..self.report };
                if !resumable {
                    return self.close().await;
                }
                // The next trigger takes it up under the same id.
                self.directory.put_run(&self.lease, &self.report).await?;
                self.lease.clone().pause().await?;
                return Ok(self.measured());
            }
        };
        self.report = RunReport { state, ended: Some(clock::now()), problem, ..self.report };
        self.close().await
    }
}
