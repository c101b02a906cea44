//! `unused`: applications that nobody uses, and people who do not use what is assigned to them, streamed.

use futures::StreamExt;
use rollcall_shared::csv::Csv;
use rollcall_shared::handlers::unused::{UnusedRows, UnusedView, unused};
use rollcall_shared::model::Time;
use rollcall_shared::model::app::{Observed, Unused};

use super::list::word;
use super::lookup;
use super::offboarding::day;
use crate::cli::{Format, UnusedArguments};
use crate::failure::{Failure, Status};
use crate::output::Out;
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &UnusedArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let connection = lookup::connection(&stack.context, &arguments.connection).await?;
    let UnusedView { observed, rows } = unused(&stack.context, &connection.name, arguments.app.as_deref()).await?;
    eprintln!("{}", known(observed));
    match (arguments.format, session.reader) {
        (Some(Format::Csv), _) => csv(&mut session.out, rows).await?,
        (Some(Format::Ndjson), _) | (None, Reader::Program) => ndjson(&mut session.out, rows).await?,
        (Some(Format::Table), _) | (None, Reader::Person) => table(&mut session.out, rows).await?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// How far it can be told what is not used.
fn known(observed: Option<Observed>) -> String {
    match observed {
        None => "Okta's log of sign-ons was never read, so nothing can be called unused.".to_owned(),
        Some(Observed { until, .. }) if observed.is_some_and(Observed::is_whole) => {
            format!("Without a sign-on in the 90 days before {until}, up to when Okta's log was read:")
        }
        Some(Observed { since, until }) => {
            format!(
                "Without a sign-on that is known of: Okta's log was read from {since} to {until}, less than 90 days."
            )
        }
    }
}

async fn csv(out: &mut Out, mut rows: UnusedRows) -> Result<(), Failure> {
    let mut csv = Csv::unused(out)?;
    while let Some(row) = rows.next().await {
        csv.unused_row(&row?)?;
        if csv.writer().is_closed() {
            break;
        }
    }
    Ok(csv.end()?)
}

async fn ndjson(out: &mut Out, mut rows: UnusedRows) -> Result<(), Failure> {
    while let Some(row) = rows.next().await {
        out.row(&row?)?;
        if out.is_closed() {
            break;
        }
    }
    Ok(())
}

async fn table(out: &mut Out, mut rows: UnusedRows) -> Result<(), Failure> {
    let mut pages = Pages::new(["app", "name", "status", "person", "assigned", "since", "last sign-on"]);
    while let Some(row) = rows.next().await {
        pages.add(out, cells(row?))?;
        if out.is_closed() {
            break;
        }
    }
    if pages.end(out)? == 0 {
        eprintln!("(none)");
    }
    Ok(())
}

fn cells(row: Unused) -> Vec<String> {
    let last = |last: Option<Time>| if last.is_some() { day(last) } else { "none known".to_owned() };
    vec![
        row.app,
        row.app_name,
        row.app_status,
        row.person.unwrap_or_else(|| "nobody uses it".to_owned()),
        row.assigned.map(|assigned| word(&assigned).replace('_', " ")).unwrap_or_default(),
        day(row.since),
        last(row.last_sign_on),
    ]
}
