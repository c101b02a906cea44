//! Opening a run: a new one, the unfinished one of an earlier invocation, or one that several invocations share.

use std::collections::BTreeMap;

use ulid::Ulid;

use super::Run;
use crate::clock;
use crate::context::Context;
use crate::directory::Acquired;
use crate::error::{Error, Fate};
use crate::handlers::connect;
use crate::model::Job;
use crate::report::{DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};

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
    let wanted = connect::connection(context, connection).await?;
    if !wanted.wants(job.objects()) {
        return Err(no_mapping(connection, job));
    }
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
            let known = directory.run(&run).await?;
            // Of one that several invocations share, the report is of those before.
            let report = known.filter(|report| report.ended.is_none()).unwrap_or_else(|| blank(&run, connection, job));
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
