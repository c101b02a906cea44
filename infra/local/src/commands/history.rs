//! `history`: what changed on one record, a line for each value.

use rollcall_shared::handlers::history::history;
use rollcall_shared::model::Step;

use super::list::word;
use super::lookup;
use crate::cli::HistoryArguments;
use crate::failure::{Failure, Status};
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &HistoryArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let connection = lookup::connection(&stack.context, &arguments.connection).await?;
    lookup::mapping(&connection, &arguments.mapping)?;
    let steps = history(&stack.context, &connection.name, &arguments.mapping, &arguments.id).await?;
    match session.reader {
        Reader::Program => steps.iter().try_for_each(|step| session.out.row(step))?,
        Reader::Person => {
            let mut table = Pages::new(["at", "change", "what", "from", "to", "job", "run"]);
            for row in steps.iter().flat_map(rows) {
                table.add(&mut session.out, row)?;
            }
            table.end(&mut session.out)?;
        }
    }
    stack.close().await;
    Ok(Status::Done)
}

/// A line for each value that changed; when and who stands in the first.
fn rows(step: &Step) -> Vec<Vec<String>> {
    let job = step.job.map(|job| job.name().to_owned()).unwrap_or_default();
    let mut values = step.changed.iter().map(|(name, value)| [name.clone(), word(&value.from), word(&value.to)]);
    let first = values.next().unwrap_or_default();
    let (at, change) = (step.at.to_string(), word(&step.change));
    let first = [vec![at, change], first.into(), vec![job, step.run.clone()]].concat();
    let others = values.map(|value| [vec![String::new(), String::new()], value.into()].concat());
    [first].into_iter().chain(others).collect()
}
