//! `verify`: checks URL, credential and permissions, API by API.

use rollcall_shared::handlers::verify::{ApiCheck, verify};

use super::lookup;
use crate::failure::{Failure, Status, paragraph};
use crate::output::Out;
use crate::output::tables::table;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, name: &str) -> Result<Status, Failure> {
    let stack = session.open().await?;
    lookup::connection(&stack.context, name).await?;
    let checks = verify(&stack.context, name).await?;
    match session.reader {
        Reader::Program => checks.iter().try_for_each(|check| session.out.json(check))?,
        Reader::Person => print(&mut session.out, &checks)?,
    }
    stack.close().await;
    Ok(if checks.iter().all(|check| check.ok) { Status::Done } else { Status::Failed })
}

/// A line for each API, then what to do about each that is not ok.
pub(crate) fn print(out: &mut Out, checks: &[ApiCheck]) -> Result<(), Failure> {
    let row = |check: &ApiCheck| {
        let title = check.problem.as_ref().map_or_else(String::new, |problem| problem.title.clone());
        vec![check.api.clone(), if check.ok { "ok" } else { "not ok" }.to_owned(), title]
    };
    out.line(table(&["api", "state", "problem"], checks.iter().map(row).collect()))?;
    // One cause often keeps several APIs from answering; it is explained once.
    let mut explained: Vec<&str> = Vec::new();
    for check in checks {
        if let Some(problem) = check.problem.as_ref().filter(|problem| !explained.contains(&problem.title.as_str())) {
            explained.push(&problem.title);
            out.line(format!("{}: {}", check.api, paragraph(problem)))?;
        }
    }
    Ok(())
}
