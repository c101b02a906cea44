//! `sync`: one run of a job, with its progress, and its report at the end.

use std::path::Path;

use rollcall_shared::Context;
use rollcall_shared::clock;
use rollcall_shared::handlers::{Event, Response, delta_sync, deprovisioning, full_import};
use rollcall_shared::model::{Job, Plan};
use rollcall_shared::report::{Problem, RunReport};

use super::lookup;
use super::watch::{Waited, Watch};
use crate::cli::SyncArguments;
use crate::failure::{Failure, Status, paragraph};
use crate::output::report;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &SyncArguments) -> Result<Status, Failure> {
    check(arguments)?;
    let plan = arguments.plan.as_deref().map(|file| read_plan(file, &arguments.connection)).transpose()?;
    let stack = session.open().await?;
    lookup::connection(&stack.context, &arguments.connection).await?;
    let waited = match &plan {
        Some(plan) => carry_out(session, &stack.context, plan).await?,
        None => job(session, &stack.context, (&arguments.connection, arguments.job)).await?,
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
        Job::DeltaSync | Job::Deprovisioning if arguments.plan.is_none() => Ok(()),
        Job::DeltaSync | Job::Deprovisioning => {
            Err(Failure::usage("A plan is one of a full import.".to_owned(), "Leave --plan out."))
        }
        Job::DeviceCollection | Job::ServiceDiscovery => {
            let detail = format!("The job {} is not available in this version.", arguments.job.name());
            Err(Failure::usage(detail, "full-import, delta-sync and deprovisioning are."))
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

/// Runs the job once. A run that failed after it was opened is told by its report, as any other.
async fn start(context: &Context, (connection, job): (&str, Job)) -> Result<RunReport, Failure> {
    let began = clock::now();
    let event = Event { connection: Some(connection.to_owned()), ..Event::default() };
    let result = match job {
        Job::DeltaSync => delta_sync::handle(context, event).await,
        Job::Deprovisioning => deprovisioning::handle(context, event).await,
        _ => full_import::handle(context, event).await,
    };
    let error = match result {
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
