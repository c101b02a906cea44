//! `unsynced`: what did not sync, and why, streamed.

use futures::{Stream, StreamExt, pin_mut};
use rollcall_shared::csv::Csv;
use rollcall_shared::directory::DirectoryError;
use rollcall_shared::model::UnsyncedRow;

use super::list::word;
use super::lookup;
use crate::cli::{Format, UnsyncedArguments};
use crate::failure::{Failure, Status};
use crate::output::Out;
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &UnsyncedArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    lookup::connection(&stack.context, &arguments.connection).await?;
    let rows = stack.context.directory.unsynced(&arguments.connection);
    match (arguments.format, session.reader) {
        (Some(Format::Csv), _) => csv(&mut session.out, rows).await?,
        (Some(Format::Ndjson), _) | (None, Reader::Program) => ndjson(&mut session.out, rows).await?,
        (Some(Format::Table), _) | (None, Reader::Person) => table(&mut session.out, rows).await?,
    }
    stack.close().await;
    Ok(Status::Done)
}

async fn csv(out: &mut Out, rows: impl Stream<Item = Result<UnsyncedRow, DirectoryError>>) -> Result<(), Failure> {
    pin_mut!(rows);
    let mut csv = Csv::unsynced(out)?;
    while let Some(row) = rows.next().await {
        csv.unsynced_row(&row?)?;
        if csv.writer().is_closed() {
            break;
        }
    }
    Ok(csv.end()?)
}

async fn ndjson(out: &mut Out, rows: impl Stream<Item = Result<UnsyncedRow, DirectoryError>>) -> Result<(), Failure> {
    pin_mut!(rows);
    while let Some(row) = rows.next().await {
        out.row(&row?)?;
        if out.is_closed() {
            break;
        }
    }
    Ok(())
}

async fn table(out: &mut Out, rows: impl Stream<Item = Result<UnsyncedRow, DirectoryError>>) -> Result<(), Failure> {
    pin_mut!(rows);
    let mut pages = Pages::new(["mapping", "identifier", "id", "reason", "message", "attempts"]);
    while let Some(row) = rows.next().await {
        let row = row?;
        let identifier = row.identifier.unwrap_or_default();
        let attempts = row.attempts.to_string();
        pages.add(out, vec![row.mapping, identifier, row.id, word(&row.reason), row.message, attempts])?;
        if out.is_closed() {
            break;
        }
    }
    if pages.end(out)? == 0 {
        eprintln!("Everything is in sync.");
    }
    Ok(())
}
