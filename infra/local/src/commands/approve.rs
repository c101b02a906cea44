//! `approve`: lets the deactivations that a run holds go on.

use rollcall_shared::handlers::approve::approve;

use super::lookup;
use crate::failure::{Failure, Status};
use crate::output::report;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, id: &str) -> Result<Status, Failure> {
    let stack = session.open().await?;
    lookup::run(&stack.context, id).await?;
    let approved = approve(&stack.context, id).await?;
    match session.reader {
        Reader::Program => session.out.json(&approved)?,
        Reader::Person => session.out.line(report::report(&approved))?,
    }
    stack.close().await;
    Ok(approved.state.into())
}
