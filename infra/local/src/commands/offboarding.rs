//! `offboarding`: what people who have left still hold.

use rollcall_shared::csv::Csv;
use rollcall_shared::handlers::offboarding::offboarding;
use rollcall_shared::model::{Holding, Time};

use super::list::word;
use crate::cli::{Format, OffboardingArguments};
use crate::failure::{Failure, Status};
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &OffboardingArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let holdings = offboarding(&stack.context, &arguments.connection).await?;
    match (arguments.format, session.reader) {
        (Some(Format::Csv), _) => {
            let mut csv = Csv::holdings(&mut session.out)?;
            holdings.iter().try_for_each(|holding| csv.holding(holding))?;
            csv.end()?;
        }
        (Some(Format::Ndjson), _) | (None, Reader::Program) => {
            holdings.iter().try_for_each(|holding| session.out.row(holding))?;
        }
        (Some(Format::Table), _) | (None, Reader::Person) => table(session, holdings)?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// The columns of a table for people.
pub(crate) const HEADER: [&str; 9] = ["person", "reason", "thing", "name", "id", "status", "tie", "since", "until"];

/// A row of it.
pub(crate) fn cells(holding: Holding) -> Vec<String> {
    vec![
        holding.identifier,
        word(&holding.reason),
        word(&holding.thing),
        holding.name.unwrap_or_default(),
        holding.id,
        holding.status.unwrap_or_default(),
        word(&holding.tie).replace('_', " "),
        day(holding.since),
        day(holding.until),
    ]
}

fn table(session: &mut Session, holdings: Vec<Holding>) -> Result<(), Failure> {
    let mut pages = Pages::new(HEADER);
    for holding in holdings {
        pages.add(&mut session.out, cells(holding))?;
    }
    if pages.end(&mut session.out)? == 0 {
        eprintln!("Nobody who has left holds anything, as far as the directory knows.");
    }
    Ok(())
}

/// The day of a time: for people that is enough.
pub(super) fn day(time: Option<Time>) -> String {
    time.map(|time| time.to_string().chars().take(10).collect()).unwrap_or_default()
}
