//! `sync`: one run of a job, with its progress, and its report at the end.

use std::path::Path;

use rollcall::functions;
use rollcall_shared::Context;
use rollcall_shared::clock;
use rollcall_shared::handlers::{Event, Response, full_import, start};
use rollcall_shared::model::{Job, Plan};
use rollcall_shared::report::{Problem, RunReport, RunState};

use super::lookup;
use super::watch::{LOOK_EVERY, Waited, Watch};
use crate::cli::SyncArguments;
use crate::failure::{Failure, Status, paragraph};
use crate::output::report;
use crate::session::{Place, Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &SyncArguments) -> Result<Status, Failure> {
    check(arguments)?;
    let plan = arguments.plan.as_deref().map(|file| read_plan(file, &arguments.connection)).transpose()?;
    let stack = session.open().await?;
    lookup::connection(&stack.context, &arguments.connection).await?;
    let wanted = (arguments.connection.as_str(), arguments.job);
    let waited = match (&plan, &session.place) {
        (Some(plan), _) => carry_out(session, &stack.context, plan).await?,
        (None, Place::Directory(_)) => job(session, &stack.context, wanted).await?,
        (None, Place::Aws(_)) => deployed_job(session, &stack.context, wanted).await?,
    };
    let status = match waited {
        Waited::Ended(run) => {
            print(session, &run)?;
            Status::from(run.state)
        }
        Waited::Interrupted(run) => {
            interrupted(session, run.as_deref())?;
            Status::Failed
        }
    };
    stack.close().await;
    Ok(status)
}

/// Whether the job is one that can be run, in this way.
fn check(arguments: &SyncArguments) -> Result<(), Failure> {
    match arguments.job {
        Job::FullImport => Ok(()),
        Job::DeltaSync | Job::Deprovisioning | Job::DeviceCollection | Job::ServiceDiscovery => {
            match arguments.plan.is_none() {
                true => Ok(()),
                false => Err(Failure::usage("A plan is one of a full import.".to_owned(), "Leave --plan out.")),
            }
        }
    }
}

/// Runs a job until it ends, or until somebody interrupts the waiting.
pub(crate) async fn job(
    session: &mut Session,
    context: &Context,
    (connection, job): (&str, Job),
) -> Result<Waited<RunReport>, Failure> {
    let watch = Watch { context, connection, job };
    Ok(match watch.wait(session, start(context, (connection, job))).await? {
        Waited::Ended(ended) => Waited::Ended(ended?),
        Waited::Interrupted(run) => Waited::Interrupted(run),
    })
}

/// Has the job's function in AWS run it, which needs no Okta credential here, and waits until the run ends.
async fn deployed_job(
    session: &mut Session,
    context: &Context,
    (connection, job): (&str, Job),
) -> Result<Waited<RunReport>, Failure> {
    let watch = Watch { context, connection, job };
    let work = async {
        let run = start::start(context, (connection, job), None).await?;
        wait_for(context, &run).await
    };
    Ok(match watch.wait(session, work).await? {
        Waited::Ended(ended) => Waited::Ended(ended?),
        Waited::Interrupted(run) => Waited::Interrupted(run),
    })
}

/// Waits until a run has ended, whoever is at it: a further invocation, or the next trigger of the job, takes it up.
async fn wait_for(context: &Context, run: &RunReport) -> Result<RunReport, Failure> {
    loop {
        if let Some(ended) = context.directory.run(&run.run).await?.filter(|report| report.ended.is_some()) {
            return Ok(ended);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Runs a full import that a plan holds to what it lists.
async fn carry_out(session: &mut Session, context: &Context, plan: &Plan) -> Result<Waited<RunReport>, Failure> {
    let watch = Watch { context, connection: &plan.connection, job: Job::FullImport };
    Ok(match watch.wait(session, full_import::carry_out(context, plan)).await? {
        Waited::Ended(ended) => Waited::Ended(ended?),
        Waited::Interrupted(run) => Waited::Interrupted(run),
    })
}

/// The plan in a file, if it is one of this connection.
fn read_plan(file: &Path, connection: &str) -> Result<Plan, Failure> {
    let hint = "`rollcall preview CONNECTION --save FILE` writes a plan.";
    let named = |what: &dyn std::fmt::Display| Failure::usage(format!("{}: {what}", file.display()), hint);
    let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    let plan = Plan::parse(&text).map_err(|fault| named(&fault))?;
    if plan.connection != connection {
        return Err(named(&format!("This is a plan of the connection {}, not of {connection}.", plan.connection)));
    }
    Ok(plan)
}

/// Runs the job once, or waits for the run of it that another process is at. A run that failed after it was opened is told
/// by its report, as any other.
async fn start(context: &Context, (connection, job): (&str, Job)) -> Result<RunReport, Failure> {
    loop {
        let report = start_or_join(context, (connection, job)).await?;
        // Whoever works on a run in this process returns at its end.
        if report.state != RunState::Running {
            return Ok(report);
        }
        if let Some(ended) = follow(context, &report).await? {
            return Ok(ended);
        }
    }
}

/// Waits for the end of a run that another process is at; `None` when it has left it unfinished.
async fn follow(context: &Context, run: &RunReport) -> Result<Option<RunReport>, Failure> {
    let directory = &context.directory;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // The order matters: what ends between the two looks has ended at the second one.
        let is_at_work = directory.last_try(&run.connection, run.job).await?.is_at_work(clock::now());
        let report = directory.run(&run.run).await?;
        match report.filter(|report| report.ended.is_some()) {
            Some(ended) => return Ok(Some(ended)),
            None if is_at_work => {}
            None => return Ok(None),
        }
    }
}

async fn start_or_join(context: &Context, (connection, job): (&str, Job)) -> Result<RunReport, Failure> {
    let began = clock::now();
    let event = Event { connection: Some(connection.to_owned()), ..Event::default() };
    let error = match functions::handle(context, job, event).await {
        Ok(Response::Run(run)) => return Ok(*run),
        Ok(Response::Started(_)) => {
            let problem = Problem::new("no-run", "Nothing was run", "The job ended without a run.", "");
            return Err(Failure::new(Status::Failed, problem));
        }
        Err(error) => error,
    };
    let runs = context.directory.runs(connection).await.unwrap_or_default();
    let ended_now = |run: &RunReport| run.job == job && run.ended.is_some_and(|ended| ended >= began);
    runs.into_iter().find(ended_now).ok_or_else(|| Failure::from(error))
}

fn print(session: &mut Session, run: &RunReport) -> Result<(), Failure> {
    match session.reader {
        Reader::Program => {
            // The report has it too, but whoever looks at stderr should not have to read JSON.
            if let Some(problem) = &run.problem {
                eprintln!("{}: {}", report::state(run.state), paragraph(problem));
            }
            session.out.json(run)?;
        }
        Reader::Person => session.out.line(report::report(run))?,
    }
    Ok(())
}

fn interrupted(session: &mut Session, run: Option<&RunReport>) -> Result<(), Failure> {
    eprintln!("Interrupted. Nothing is lost: the next `sync` goes on where the run stands.");
    if let (Some(run), Reader::Program) = (run, session.reader) {
        session.out.json(run)?;
    }
    Ok(())
}
