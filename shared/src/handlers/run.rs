//! A run's life: opened under a lease, taken up when another left it unfinished, and closed with a report.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;
use ulid::Ulid;

use super::interruption::Interruption;
use crate::clock;
use crate::context::Context;
use crate::directory::{Acquired, Directory, Lease};
use crate::error::{Error, Fate};
use crate::groups::Resolved;
use crate::halt::Halt;
use crate::line::Line;
use crate::model::{Connection, Job, Plans};
use crate::okta::Okta;
use crate::report::{DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};

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

/// What became of opening a run.
pub(crate) enum Opened {
    /// It is ours.
    Mine(Box<Run>),
    /// Another process is at it; its report as it stands.
    Joined(Box<RunReport>),
}

/// Opens a run of a job: a new one, or the unfinished one of an invocation that ended or crashed. From here on a run
/// record exists.
pub(crate) async fn open(context: &Context, connection: &str, job: Job) -> Result<Opened, Error> {
    open_shared(context, connection, job, None).await
}

/// The same, but where no run is unfinished it goes on with one that has ended, which several invocations share.
pub(crate) async fn open_shared(
    context: &Context,
    connection: &str,
    job: Job,
    shared: Option<&str>,
) -> Result<Opened, Error> {
    // A run of a connection that is not there would be a record of nothing.
    super::connect::connection(context, connection).await?;
    let directory = context.directory.metered();
    let new = shared.map_or_else(|| Ulid::generate().to_string(), str::to_owned);
    let (lease, taken_up) = match directory.acquire(connection, job, &new).await? {
        Acquired::New(lease) => (lease, None),
        Acquired::TakenUp(lease) => match directory.run(lease.run()).await? {
            // An approval that died with the lease of a run that has ended: there is nothing of it to take up.
            Some(report) if has_ended(report.state) => (lease.start_anew(&new).await?, None),
            report => (lease, report),
        },
        Acquired::Joined { run } => {
            let report = directory.run(&run).await?.unwrap_or_else(|| blank(&run, connection, job));
            return Ok(Opened::Joined(Box::new(report)));
        }
    };
    let is_taken_up = taken_up.is_some();
    let known = match shared {
        Some(run) if !is_taken_up => directory.run(run).await?,
        Some(_) | None => taken_up,
    };
    let is_known = known.is_some();
    let is_shared = is_known && !is_taken_up;
    let mut report = known.unwrap_or_else(|| blank(lease.run(), connection, job));
    report.invocations += 1;
    (report.state, report.ended, report.problem) = (RunState::Running, None, None);
    if is_shared {
        // What the invocations before had to say is over.
        report.warnings.clear();
    }
    if is_taken_up {
        directory.put_run(&lease, &report).await?;
    } else if !is_known {
        directory.open_run(&lease, &report).await?;
    }
    tracing::info!(run = lease.run(), connection, job = job.name(), invocation = report.invocations, "run opened");
    Ok(Opened::Mine(Box::new(Run {
        lease,
        report,
        taken_up: is_taken_up,
        directory,
        okta: None,
        halt: context.halt.clone(),
    })))
}

/// Whether a run of this state is over for good; a failed one that holds its lease's place is taken up again.
fn has_ended(state: RunState) -> bool {
    match state {
        RunState::Running | RunState::Failed => false,
        RunState::Succeeded | RunState::Held | RunState::Blind | RunState::Cancelled => true,
    }
}

fn blank(run: &str, connection: &str, job: Job) -> RunReport {
    RunReport {
        run: run.to_owned(),
        connection: connection.to_owned(),
        job,
        state: RunState::Running,
        started: clock::now(),
        ended: None,
        invocations: 0,
        mappings: std::collections::BTreeMap::new(),
        progress: Progress::default(),
        lag_seconds: None,
        okta: OktaUse::default(),
        dynamodb: DynamoDbUse::default(),
        problem: None,
        warnings: Vec::new(),
    }
}

/// The report of a run.
///
/// # Errors
/// Fatal when there is no such run.
pub(crate) async fn find(context: &Context, id: &str) -> Result<RunReport, Error> {
    context.directory.run(id).await?.ok_or_else(|| {
        let detail = format!("There is no run {id:?}.");
        let problem = Problem::new("unknown-run", "There is no such run", detail, "`rollcall runs` lists the runs.");
        Error::Problem(problem.with_status(404), Fate::Fatal)
    })
}

/// What is asked of a run does not fit how it stands.
pub(crate) fn not_in_state(report: &RunReport, what: &str) -> Error {
    let detail = format!("Run {} {what}.", report.run);
    let hint = format!("See how it stands with `rollcall run {}`.", report.run);
    Error::Problem(
        Problem::new("run-state", "The run's state does not allow it", detail, hint).with_status(409),
        Fate::Fatal,
    )
}

/// A run that went on in so many invocations of a function that calls itself.
pub(crate) fn too_many_invocations(report: &RunReport) -> Error {
    let detail = format!("Run {} is not finished after {} invocations.", report.run, report.invocations);
    let hint = "The next trigger resumes it. Give the function more time or memory, or the connection a larger share of \
                Okta's rate limit.";
    Error::Problem(Problem::new("too-many-invocations", "The run goes on for too long", detail, hint), Fate::Retryable)
}

/// Makes sure that a run is the one that its connection's open hold waits for: whoever approves or discards decides on
/// the list that this run showed, not on one that a later run has changed.
///
/// # Errors
/// Fatal when the run is not held, or its hold is gone or another run's by now.
pub(crate) async fn holds(context: &Context, report: &RunReport) -> Result<(), Error> {
    if report.state != RunState::Held {
        return Err(not_in_state(report, "is not held"));
    }
    match context.directory.hold(&report.connection).await? {
        Some(hold) if hold.run == report.run => Ok(()),
        Some(hold) => {
            Err(not_in_state(report, &format!("was followed by run {}, which the hold waits for now", hold.run)))
        }
        None => Err(not_in_state(report, "holds nothing any more: a later run found that Okta does not bear it out")),
    }
}

/// Takes the lease of an ended run's job, so that nothing else works on the connection's hold meanwhile.
///
/// # Errors
/// Retryable when a run of the job is at work or unfinished.
pub(crate) async fn take(context: &Context, report: &RunReport) -> Result<(Lease, Directory), Error> {
    alone(context, &report.connection, report.job, &report.run).await
}

/// The lease for work of a person's own that no run may be beside: refused while one is, or is left unfinished.
pub(crate) async fn begin_alone(context: &Context, connection: &str, job: Job) -> Result<(Lease, Directory), Error> {
    alone(context, connection, job, &Ulid::generate().to_string()).await
}

async fn alone(context: &Context, connection: &str, job: Job, run: &str) -> Result<(Lease, Directory), Error> {
    let directory = context.directory.metered();
    let other = match directory.acquire_aside(connection, job, run).await? {
        Acquired::New(lease) => return Ok((lease, directory)),
        // Left by an earlier try that died.
        Acquired::TakenUp(lease) if lease.run() == run => return Ok((lease, directory)),
        Acquired::TakenUp(lease) => {
            let other = lease.run().to_owned();
            lease.pause().await?;
            other
        }
        Acquired::Joined { run } => run,
    };
    Err(busy(connection, &other, "Try again when that run has ended."))
}

/// That a run stands in the way of what no run may be beside.
pub(crate) fn busy(connection: &str, run: &str, hint: &str) -> Error {
    let detail = format!("Run {run} of connection {connection} is not finished.");
    let problem = Problem::new("busy", "The connection is being worked on", detail, hint);
    Error::Problem(problem.with_status(409), Fate::Retryable)
}

impl Run {
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
            warnings: self.report.warnings.iter().cloned().collect::<BTreeSet<_>>().into(),
            lease: self.lease.clone(),
            connection,
            halt: self.halt.clone(),
        };
        resolved.warnings.iter().for_each(|warning| line.warn(warning));
        Ok(line)
    }

    /// Adds to the report what this invocation used, where no checkpoint adds it up.
    pub(crate) fn note_use(&mut self) {
        let okta = self.okta.as_ref().map(Okta::used).unwrap_or_default();
        self.report.okta = self.report.okta + okta;
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
        self.lease = self.lease.clone().start_anew(&new).await?;
        self.report = RunReport { invocations: 1, ..blank(&new, &left.connection, left.job) };
        self.taken_up = false;
        self.directory.open_run(&self.lease, &self.report).await?;
        tracing::info!(run = new, connection = left.connection, left = left.run, "run started anew");
        Ok(())
    }

    /// Goes on as a run of its own, where it began as one that several invocations share.
    pub(crate) async fn set_apart(&mut self) -> Result<(), Error> {
        let new = Ulid::generate().to_string();
        self.lease = self.lease.clone().start_anew(&new).await?;
        self.report = RunReport { invocations: 1, ..blank(&new, &self.report.connection, self.report.job) };
        self.directory.open_run(&self.lease, &self.report).await?;
        tracing::info!(run = new, connection = self.report.connection, "run set apart");
        Ok(())
    }

    /// Closes the run as its report says.
    pub(crate) async fn close(self) -> Result<RunReport, Error> {
        self.directory.put_run(&self.lease, &self.report).await?;
        match self.report.state {
            RunState::Failed | RunState::Blind => self.lease.fail().await?,
            RunState::Running | RunState::Succeeded | RunState::Held | RunState::Cancelled => {
                self.lease.finish().await?
            }
        }
        tracing::info!(run = self.report.run, state = ?self.report.state, "run closed");
        Ok(self.report)
    }

    /// Ends the invocation, and with it the run unless only the time was up.
    ///
    /// # Errors
    /// When the report cannot be written; a failed run is not an error here, its report says so.
    pub(crate) async fn interrupted(mut self, interruption: Interruption) -> Result<RunReport, Error> {
        let (state, problem) = match interruption {
            Interruption::Deadline => {
                self.lease.hand_over().await?;
                return Ok(self.report);
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
                self.lease.pause().await?;
                return Ok(self.report);
            }
        };
        self.report = RunReport { state, ended: Some(clock::now()), problem, ..self.report };
        self.close().await
    }
}

/// What a held run tells the operator.
pub(crate) fn held_problem(report: &RunReport) -> Problem {
    let held: u64 = report.mappings.values().map(|counts| counts.held).sum();
    Problem::new(
        "held",
        "Deactivations wait for approval",
        format!(
            "{held} records would become inactive: more than the guard allows without a person, or people who are gone \
             and of whom Okta's log cannot tell why. Everything else is applied."
        ),
        format!(
            "If these people did leave, let the run go on with `rollcall approve {run}`; if not, find out what changed in \
             Okta, and discard the hold with `rollcall cancel {run}`.",
            run = report.run
        ),
    )
}
