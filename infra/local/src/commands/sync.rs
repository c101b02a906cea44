//! `sync`: one run of a job, with its progress, and its report at the end.

use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::handlers::{Event, Response, full_import};
use rollcall_shared::model::Time;
use rollcall_shared::report::{Job, Problem, RunReport, RunState};

use super::lookup;
use super::watch::{Waited, Watch};
use crate::cli::SyncArguments;
use crate::failure::{Failure, Status, paragraph};
use crate::output::report;
use crate::session::{Reader, Session};

/// A process that was killed leaves a lease behind for up to half a minute.
const TRIES: u32 = 20;
const TRY_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(session: &mut Session, arguments: &SyncArguments) -> Result<Status, Failure> {
    if arguments.job != Job::FullImport {
        let detail = format!("The job {} is not available in this version.", arguments.job.name());
        return Err(Failure::usage(detail, "full-import is."));
    }
    let stack = session.open().await?;
    lookup::connection(&stack.context, &arguments.connection).await?;
    let waited = full_import(session, &stack.context, &arguments.connection).await?;
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

/// Runs a full import until it ends, or until somebody interrupts the waiting.
pub(crate) async fn full_import(
    session: &mut Session,
    context: &Context,
    connection: &str,
) -> Result<Waited<RunReport>, Failure> {
    let watch = Watch { context, connection, job: Job::FullImport };
    for attempt in 0..TRIES {
        let work = async {
            // Only this process works with the data directory, so a run that is still somebody's belongs to a process
            // that is gone.
            if attempt > 0 {
                tokio::time::sleep(TRY_EVERY).await;
            }
            start(context, connection).await
        };
        match watch.wait(session, work).await? {
            Waited::Ended(Ok(run)) if run.state == RunState::Running => {
                if attempt == 0 {
                    eprintln!("The run {} was left unfinished; it is taken up as soon as its lease lapses.", run.run);
                }
            }
            Waited::Ended(ended) => return Ok(Waited::Ended(ended?)),
            Waited::Interrupted(run) => return Ok(Waited::Interrupted(run)),
        }
    }
    let detail = "The unfinished run's lease did not lapse.";
    Err(Failure::new(Status::Failed, Problem::new("lease", "The run is somebody else's", detail, "Try again.")))
}

/// Runs the job once. A run that failed after it was opened is told by its report, as any other.
async fn start(context: &Context, connection: &str) -> Result<RunReport, Failure> {
    let began = Time::now();
    let event = Event { connection: Some(connection.to_owned()), ..Event::default() };
    let error = match full_import::handle(context, event).await {
        Ok(Response::Run(run)) => return Ok(*run),
        Ok(Response::Started(_)) => {
            let problem = Problem::new("no-run", "Nothing was run", "The job ended without a run.", "");
            return Err(Failure::new(Status::Failed, problem));
        }
        Err(error) => error,
    };
    let runs = context.directory.runs(connection).await.unwrap_or_default();
    let ended_now = |run: &RunReport| run.job == Job::FullImport && run.ended.is_some_and(|ended| ended >= began);
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
