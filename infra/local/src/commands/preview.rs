//! `preview`: what a full import would do, with nothing written.

use rollcall_shared::handlers::preview::{PreviewOptions, PreviewedChange, preview};

use super::lookup;
use crate::cli::PreviewArguments;
use crate::failure::{Failure, Status};
use crate::output::Out;
use crate::output::numbers::grouped;
use crate::output::pages::Pages;
use crate::output::report::counts;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: PreviewArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let connection = lookup::connection(&stack.context, &arguments.connection).await?;
    if let Some(mapping) = &arguments.mapping {
        lookup::mapping(&connection, mapping)?;
    }
    let mut pages = Pages::new(["outcome", "mapping", "identifier", "id", "reason"]);
    let (out, reader) = (&mut session.out, session.reader);
    // The handler cannot be stopped by a change that could not be printed; the first error is told at the end.
    let mut printed = Ok(());
    let on_change = |change: PreviewedChange| {
        if printed.is_ok() {
            printed = print(out, reader, &mut pages, &change);
        }
    };
    let options = PreviewOptions { mapping: arguments.mapping, limit: arguments.limit };
    let report = preview(&stack.context, &arguments.connection, options, on_change).await?;
    printed?;
    match session.reader {
        Reader::Program => session.out.json(&report)?,
        Reader::Person => {
            pages.end(&mut session.out)?;
            session.out.line(counts(&report.mappings))?;
            for (mapping, absent) in report.absent.iter().filter(|(_, absent)| **absent > 0) {
                let absent = grouped(*absent);
                session.out.line(format!("{mapping}: {absent} known records of people that Okta did not list."))?;
            }
            session.out.line("Nothing was written.")?;
        }
    }
    stack.close().await;
    Ok(Status::Done)
}

fn print(out: &mut Out, reader: Reader, pages: &mut Pages, change: &PreviewedChange) -> std::io::Result<()> {
    if reader == Reader::Program {
        return out.row(change);
    }
    let row = serde_json::to_value(change)?;
    let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    pages.add(out, ["outcome", "mapping", "identifier", "id", "reason"].map(word).into())
}
