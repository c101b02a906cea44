//! A person starts a run: it is opened here, so that it exists before anybody is answered, and a further invocation is
//! started, which takes it up under the same id.

use ulid::Ulid;

use super::run::{self, Announced};
use super::{Event, fan_out};
use crate::clock;
use crate::context::Context;
use crate::directory::{Acquired, KeyedRun};
use crate::error::{Error, Fate};
use crate::model::Job;
use crate::report::{Problem, RunReport, RunState};

/// Starts a run of a job of a connection; the one that is at work, where one is. The same `key` leads to the same run for a
/// day, whatever became of it.
///
/// # Errors
/// Fatal when there is no such connection (status 404), it has no mapping of what the job reads (409), or the key was given
/// for another job (422); retryable when the invocation could not be started (503): then the run is one that failed, the
/// next trigger of the job takes it up, and the key can be used again.
pub async fn start(context: &Context, (connection, job): (&str, Job), key: Option<&str>) -> Result<RunReport, Error> {
    if context.functions.of(job).is_none() {
        return Err(no_function(job));
    }
    let mut new = Ulid::generate().to_string();
    if let Some(key) = key {
        super::connections::find(context, connection).await?;
        let wanted = KeyedRun { job, run: new.clone() };
        let bound = context.directory.bind_key(connection, key, wanted).await?;
        if bound.job != job {
            return Err(other_job(bound.job, job));
        }
        if let Some(report) = context.directory.run(&bound.run).await? {
            return Ok(report);
        }
        // Not opened yet: by a request that is under way, or one that broke off.
        new = bound.run;
    }
    let opened = match run::announce(context, (connection, job), &new).await {
        Ok(Announced::Joined(report)) => Ok(*report),
        Ok(Announced::Waiting(report)) => invoke(context, *report).await,
        Err(error) => Err(error),
    };
    match (key, &opened) {
        (Some(key), Ok(report)) if report.run != new => {
            context.directory.rebind_key(connection, key, &report.run).await?;
        }
        (Some(key), Err(_)) => context.directory.release_key(connection, key).await?,
        _ => {}
    }
    opened
}

/// Starts the invocation that takes a run up.
async fn invoke(context: &Context, report: RunReport) -> Result<RunReport, Error> {
    let (connection, run) = (Some(report.connection.clone()), Some(report.run.clone()));
    let event = Event { connection, run, deadline: None };
    match fan_out::start(context, context.functions.of(report.job), &event).await {
        Ok(()) => Ok(report),
        Err(error) => not_started(context, report, error.problem()).await,
    }
}

/// Says in the run's report that nobody works on it, unless somebody does after all: an invocation may have been started
/// although nothing was heard of it, or the job's schedule was faster.
async fn not_started(context: &Context, report: RunReport, why: Problem) -> Result<RunReport, Error> {
    let directory = &context.directory;
    let (name, job) = (report.connection.as_str(), report.job);
    match directory.acquire_aside(name, job, &report.run).await? {
        Acquired::TakenUp(lease) if lease.run() == report.run => {
            let problem = not_started_problem(&report, &why);
            let ended = Some(clock::now());
            let failed = RunReport { state: RunState::Failed, ended, problem: Some(problem.clone()), ..report };
            directory.put_run(&lease, &failed).await?;
            lease.pause().await?;
            Err(Error::Problem(problem, Fate::Retryable))
        }
        Acquired::New(lease) => {
            lease.finish().await?;
            as_it_stands(context, report).await
        }
        Acquired::TakenUp(lease) => {
            lease.pause().await?;
            as_it_stands(context, report).await
        }
        Acquired::Joined { .. } => as_it_stands(context, report).await,
    }
}

async fn as_it_stands(context: &Context, report: RunReport) -> Result<RunReport, Error> {
    Ok(context.directory.run(&report.run).await?.unwrap_or(report))
}

fn not_started_problem(report: &RunReport, why: &Problem) -> Problem {
    let detail =
        format!("Run {} was opened, but no invocation was started that works on it: {}", report.run, why.detail);
    let job = report.job.name();
    let hint = format!(
        "Try again in a moment. If nobody does, the next scheduled {job} takes this run up under the same id. If it keeps \
         happening, check that the HTTP endpoint's function may invoke the function of {job}."
    );
    Problem::new("not-started", "The run could not be started", detail, hint).with_status(503)
}

fn no_function(job: Job) -> Error {
    let detail = format!("The HTTP endpoint was not told which function runs {}, so nothing was started.", job.name());
    let variable = format!("ROLLCALL_{}_FUNCTION", job.name().replace('-', "_").to_uppercase());
    let hint = format!("Set {variable} in its environment, as the template does.");
    let problem = Problem::new("no-function", "There is no function to invoke", detail, hint);
    Error::Problem(problem.with_status(503), Fate::Fatal)
}

fn other_job(before: Job, now: Job) -> Error {
    let (before, now) = (before.name(), now.name());
    let detail = format!("This idempotency key was given to start {before}, and now {now} is asked for.");
    let problem = Problem::new("key-reused", "The idempotency key is another request's", detail, "Give a new key.");
    Error::Problem(problem.with_status(422), Fate::Fatal)
}
