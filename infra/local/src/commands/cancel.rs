//! `cancel`: stops a run.

use rollcall_shared::handlers::cancel::cancel;
use rollcall_shared::report::RunState;

use super::lookup;
use crate::failure::{Failure, Status};
use crate::output::report;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, id: &str) -> Result<Status, Failure> {
    let stack = session.open().await?;
    lookup::run(&stack.context, id).await?;
    let cancelled = cancel(&stack.context, id).await?;
    match session.reader {
        Reader::Program => session.out.json(&cancelled)?,
        Reader::Person => session.out.line(report::report(&cancelled))?,
    }
    if cancelled.state == RunState::Running {
        eprintln!("The run stops as soon as whoever works on it next reports.");
    }
    stack.close().await;
    Ok(Status::Done)
}
