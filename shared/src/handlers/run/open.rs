//! Opening a run: a new one, the unfinished one of an earlier invocation, or one that several invocations share; for this
//! process, or for another that is about to be started.

use std::collections::BTreeMap;
use std::time::Duration;

use ulid::Ulid;

use super::Run;
use crate::clock;
use crate::context::Context;
use crate::directory::{Acquired, Directory, Lease};
use crate::error::{Error, Fate};
use crate::handlers::connect;
use crate::model::Job;
use crate::report::{DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};

/// How long an invocation that was started may take to begin before it counts as lost.
const ON_ITS_WAY: Duration = Duration::from_secs(60);

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
    check(context, connection, job).await?;
    let directory = context.directory.metered();
    let new = shared.map_or_else(|| Ulid::generate().to_string(), str::to_owned);
    let (lease, taken_up) = match directory.acquire(connection, job, &new).await? {
        Acquired::New(lease) => (lease, None),
        Acquired::TakenUp(lease) => match directory.run(lease.run()).await? {
            Some(ended) if has_ended(ended.state) => (in_place_of(&directory, lease, (&ended, &new)).await?, None),
            report => (lease, report),
        },
        Acquired::Joined { run } => {
            return Ok(Opened::Joined(Box::new(joined(&directory, &run, (connection, job)).await?)));
        }
    };
    let is_taken_up = taken_up.is_some();
    // One that was only announced has nothing that could be gone on with.
    let has_begun = taken_up.as_ref().is_some_and(|report| report.invocations > 0);
    let known = match shared {
        // One that died before it had a report, say, is a run of its own all the same.
        Some(run) if !is_taken_up && run == lease.run() => directory.run(run).await?,
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
        taken_up: has_begun,
        directory,
        okta: None,
        halt: context.halt.clone(),
    })))
}

/// What became of announcing a run.
pub(crate) enum Announced {
    /// It is open, and waits for an invocation that takes it up: the unfinished one of an earlier invocation, or a new one.
    Waiting(Box<RunReport>),
    /// Another process is at it; its report as it stands.
    Joined(Box<RunReport>),
}

/// Opens a run of a job for another process, which takes it up under its id: `new`, unless one is unfinished. From here on a
/// run record exists.
pub(crate) async fn announce(context: &Context, (connection, job): (&str, Job), new: &str) -> Result<Announced, Error> {
    check(context, connection, job).await?;
    let directory = &context.directory;
    // Beside the job's tries: whoever takes it up counts as one.
    let (lease, known) = match directory.acquire_aside(connection, job, new).await? {
        Acquired::New(lease) => (lease, None),
        Acquired::TakenUp(lease) => match directory.run(lease.run()).await? {
            Some(ended) if has_ended(ended.state) => (in_place_of(directory, lease, (&ended, new)).await?, None),
            // Another invocation for it would find it done, and begin one that nobody asked for.
            Some(report) if is_awaited(&report) => {
                lease.pause().await?;
                return Ok(Announced::Joined(Box::new(report)));
            }
            report => (lease, report),
        },
        Acquired::Joined { run } => {
            return Ok(Announced::Joined(Box::new(joined(directory, &run, (connection, job)).await?)));
        }
    };
    let report = match known {
        Some(known) => {
            let report = RunReport { state: RunState::Running, ended: None, problem: None, ..known };
            directory.put_run(&lease, &report).await?;
            report
        }
        None => {
            let report = blank(lease.run(), connection, job);
            directory.open_run(&lease, &report).await?;
            report
        }
    };
    lease.pause().await?;
    Ok(Announced::Waiting(Box::new(report)))
}

/// Whether a run was announced a moment ago, so that an invocation for it is on its way.
fn is_awaited(report: &RunReport) -> bool {
    let is_announced = report.state == RunState::Running && report.invocations == 0;
    is_announced && clock::now().since(report.started) < ON_ITS_WAY
}

/// A run of a connection that is not there, or of a job that it has no mapping for, would be a record of nothing.
async fn check(context: &Context, connection: &str, job: Job) -> Result<(), Error> {
    let wanted = connect::connection(context, connection).await?;
    if wanted.wants(job.objects()) { Ok(()) } else { Err(no_mapping(connection, job)) }
}

/// The report of a run that another process is at.
async fn joined(directory: &Directory, run: &str, (connection, job): (&str, Job)) -> Result<RunReport, Error> {
    let known = directory.run(run).await?;
    // Of one that several invocations share, the report is of those before.
    Ok(known.filter(|report| report.ended.is_none()).unwrap_or_else(|| blank(run, connection, job)))
}

/// Begins a run with the lease of one that has ended, of which there is nothing to take up: its holder could not give the
/// lease up any more, or an approval died with it.
async fn in_place_of(directory: &Directory, lease: Lease, (ended, new): (&RunReport, &str)) -> Result<Lease, Error> {
    // Whoever took it up in between, before it had ended, must not say now that it is at work.
    directory.put_run(&lease, ended).await?;
    Ok(lease.start_anew(new).await?)
}

/// Whether a run of this state is over for good; a failed one that holds its lease's place is taken up again.
fn has_ended(state: RunState) -> bool {
    match state {
        RunState::Running | RunState::Failed => false,
        RunState::Succeeded | RunState::Held | RunState::Blind | RunState::Cancelled => true,
    }
}

/// The report of a run at its beginning.
pub(super) fn blank(run: &str, connection: &str, job: Job) -> RunReport {
    RunReport {
        run: run.to_owned(),
        connection: connection.to_owned(),
        job,
        state: RunState::Running,
        started: clock::now(),
        ended: None,
        invocations: 0,
        mappings: BTreeMap::new(),
        progress: Progress::default(),
        lag_seconds: None,
        okta: OktaUse::default(),
        dynamodb: DynamoDbUse::default(),
        problem: None,
        warnings: Vec::new(),
    }
}

/// A job without a mapping would read Okta for nothing.
fn no_mapping(connection: &str, job: Job) -> Error {
    let (name, plural) = (job.name(), job.objects().plural());
    let problem = Problem::new(
        "no-mapping",
        "There is nothing for this job to do",
        format!("Connection {connection} has no mapping of {plural}, which {name} reads."),
        "Add a mapping and apply the connection again; `rollcall presets` lists mappings that come with Rollcall.",
    );
    Error::Problem(problem.with_status(409), Fate::Fatal)
}
