//! `runs` and `run`: what was run, and what came of it.

use rollcall_shared::Context;
use rollcall_shared::report::RunReport;

use super::lookup;
use crate::failure::{Failure, Status};
use crate::output::report;
use crate::session::{Reader, Session};

/// Lists the runs of one connection or of all, the newest first.
pub(super) async fn list(session: &mut Session, name: Option<&str>) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let runs = match name {
        Some(name) => {
            lookup::connection(&stack.context, name).await?;
            stack.context.directory.runs(name).await?
        }
        None => of_all(&stack.context).await?,
    };
    match session.reader {
        Reader::Program => runs.iter().try_for_each(|run| session.out.row(run))?,
        Reader::Person if runs.is_empty() => eprintln!("There are no runs yet."),
        Reader::Person => session.out.line(report::runs(&runs))?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// Shows one run. That it can be shown is the command's success, whatever became of the run.
pub(super) async fn show(session: &mut Session, id: &str) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let run = lookup::run(&stack.context, id).await?;
    match session.reader {
        Reader::Program => session.out.json(&run)?,
        Reader::Person => session.out.line(report::report(&run))?,
    }
    stack.close().await;
    Ok(Status::Done)
}

async fn of_all(context: &Context) -> Result<Vec<RunReport>, Failure> {
    let mut runs = Vec::new();
    for (name, _) in context.directory.connections().await? {
        runs.extend(context.directory.runs(&name).await?);
    }
    runs.sort_by(|one, other| other.started.cmp(&one.started).then_with(|| other.run.cmp(&one.run)));
    Ok(runs)
}
