//! `changes`: the feed of changes of a connection, in order, and the cursor that it goes on from.

use rollcall_shared::handlers::changes::{MOST_CHANGES, changes};
use rollcall_shared::model::FeedEntry;
use serde_json::json;

use super::list::word;
use super::lookup;
use crate::cli::ChangesArguments;
use crate::failure::{Failure, Status};
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &ChangesArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    lookup::connection(&stack.context, &arguments.connection).await?;
    let mut left = arguments.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut next = arguments.since.clone();
    let mut table = Pages::new(["at", "mapping", "change", "identifier", "id", "what", "job"]);
    loop {
        let limit = left.min(MOST_CHANGES);
        let page = changes(&stack.context, &arguments.connection, next.as_deref(), limit).await?;
        let count = page.items.len();
        for entry in page.items {
            match session.reader {
                Reader::Program => session.out.row(&entry)?,
                Reader::Person => table.add(&mut session.out, row(entry))?,
            }
        }
        left -= count;
        next = Some(page.next);
        if count < limit || left == 0 || session.out.is_closed() {
            break;
        }
    }
    let next = next.unwrap_or_default();
    match session.reader {
        Reader::Program => session.out.json(&json!({ "next": next }))?,
        Reader::Person => {
            if table.end(&mut session.out)? == 0 {
                eprintln!("Nothing has changed.");
            }
            session.out.line(format!("next: {next}"))?;
        }
    }
    stack.close().await;
    Ok(Status::Done)
}

fn row(entry: FeedEntry) -> Vec<String> {
    let what: Vec<String> = match (&entry.reason, entry.changed.is_empty()) {
        (Some(reason), _) => vec![word(reason)],
        (None, true) => Vec::new(),
        (None, false) => entry.changed.keys().filter(|name| *name != "source_updated").cloned().collect(),
    };
    let job = entry.job.name().to_owned();
    let (at, change) = (entry.at.to_string(), word(&entry.change));
    vec![at, entry.mapping, change, entry.identifier, entry.id, what.join(", "), job]
}
