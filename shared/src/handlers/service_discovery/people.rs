//! The people of an application: listed to the end, then stored as a whole. A list may be longer than an invocation, so what
//! it has shown is kept beside the checkpoint, and the next invocation goes on behind it.

use std::collections::BTreeMap;

use futures::TryStreamExt;

use super::checkpoint::{Discovering, PeopleListing};
use crate::directory::AppListing;
use crate::error::Error;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::{Chunk, Pages};
use crate::line::ById;
use crate::model::app::{Access, Assignment, read, written};
use crate::model::{ObjectKind, RawObject};
use crate::okta::{Fault, OktaError, Page, PageRequest};

/// The most rows that one item of them holds: some 100 KB.
const ROWS_A_CHUNK: usize = 2_000;

/// The people that a list has shown so far.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    people: BTreeMap<String, Assignment>,
    /// Those that no item holds yet, as texts.
    unsaved: Vec<String>,
}

impl Roll {
    /// What an earlier invocation was shown. `None` where it cannot be read.
    pub(crate) fn resumed(rows: &[String]) -> Option<Roll> {
        let people: Option<Vec<_>> = rows.iter().map(|row| read::<Assignment>(row)).collect();
        Some(Roll { people: people?.into_iter().flatten().collect(), unsaved: Vec::new() })
    }

    /// Takes in a row; rows that give nobody access are passed over. Whether it could be read.
    fn add(&mut self, row: &RawObject) -> bool {
        let Ok((user, assignment)) = Assignment::of(row) else { return false };
        if assignment.status.access() != Access::None {
            let person = [(user, assignment)];
            self.unsaved.push(written(&person));
            self.people.extend(person);
        }
        true
    }

    /// Takes the rows that no item holds yet, as chunks of a list that has so many already.
    pub(crate) fn unsaved(&mut self, list: u32, stored: &mut u32) -> Vec<Chunk> {
        let unsaved = std::mem::take(&mut self.unsaved);
        let chunks = unsaved.chunks(ROWS_A_CHUNK).map(|rows| {
            let number = *stored;
            *stored += 1;
            Chunk { list, number, ids: rows.to_vec() }
        });
        chunks.collect()
    }
}

/// What is listed of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    People,
    Groups,
}

/// What came of asking for a page of a list that hangs on an application.
enum Asked {
    Page(Page),
    End,
    /// The application went meanwhile, or the credential may not see what it asked for.
    Nothing,
}

/// Lists the people and the groups of an application, and stores who they are. What cannot be listed stays as it was.
pub(super) async fn list(job: &Discovering, app: &str) -> Result<(), Interruption> {
    let is_begun = job.work().checkpoint.listing.app.as_deref() == Some(app);
    if !is_begun {
        let mut work = job.work();
        let number = work.checkpoint.listing.number + 1;
        work.checkpoint.listing = PeopleListing { number, app: Some(app.to_owned()), ..PeopleListing::default() };
        work.roll = Roll::default();
    }
    if !read_people(job, app).await? {
        return Ok(());
    }
    let groups = count_groups(job, app).await?;
    // Only now: whatever stops the run before has to find the people where they are.
    let (listing, people) = {
        let mut work = job.work();
        (work.checkpoint.listing.clone(), std::mem::take(&mut work.roll).people)
    };
    if listing.unreadable > 0 {
        let count = listing.unreadable;
        job.line.warn(format!("{count} people of application {app} could not be read: its people stay as they were."));
    } else if let Some(at) = listing.at {
        let line = &job.line;
        let listing = AppListing { app: app.to_owned(), at, people, groups };
        line.directory.put_app_listing(&line.lease, listing).await?;
    }
    Ok(())
}

/// Reads the list from where the checkpoint stands; whether it came to its end.
async fn read_people(job: &Discovering, app: &str) -> Result<bool, Interruption> {
    let (begun, cursor) = {
        let listing = &job.work().checkpoint.listing;
        (listing.at.is_some(), listing.cursor.clone())
    };
    if begun && cursor.is_none() {
        return Ok(true);
    }
    let at = cursor.as_deref().map(PageRequest::stored);
    let mut pages = Pages::new(PageRequest::app_users(app), at);
    loop {
        let none_yet = job.work().roll.people.is_empty();
        let page = match ask(job, &mut pages, (app, Of::People, none_yet)).await? {
            Asked::Page(page) => page,
            Asked::End => return Ok(true),
            Asked::Nothing => return Ok(false),
        };
        {
            let mut work = job.work();
            let unreadable = page.objects.iter().filter(|row| !work.roll.add(row)).count();
            let listing = &mut work.checkpoint.listing;
            listing.unreadable += unreadable as u64;
            listing.at.get_or_insert(page.date);
            listing.cursor = page.next.as_ref().map(|next| next.as_str().to_owned());
        }
        if page.next.is_some() {
            job.turn_page().await?;
        }
    }
}

/// How many groups are assigned to an application; `None` where they cannot be listed.
async fn count_groups(job: &Discovering, app: &str) -> Result<Option<u64>, Interruption> {
    let (mut pages, mut groups) = (Pages::new(PageRequest::app_groups(app), None), 0);
    loop {
        match ask(job, &mut pages, (app, Of::Groups, groups == 0)).await? {
            Asked::Page(page) => groups += page.objects.len() as u64,
            Asked::End => return Ok(Some(groups)),
            Asked::Nothing => return Ok(None),
        }
    }
}

async fn ask(
    job: &Discovering,
    pages: &mut Pages,
    (app, of, none_yet): (&str, Of, bool),
) -> Result<Asked, Interruption> {
    let page = match pages.next(job).await {
        Ok(Some(page)) => page,
        Ok(None) => return Ok(Asked::End),
        Err(Interruption::Error(Error::Okta(OktaError::Refused { fault: Fault::NotVisible, .. }))) => {
            return Ok(Asked::Nothing);
        }
        Err(Interruption::Error(Error::Okta(error))) if error.is_not_permitted() => {
            let what = if of == Of::People { "people" } else { "groups" };
            job.line.warn(format!("The {what} of applications could not be listed: {error}"));
            return Ok(Asked::Nothing);
        }
        Err(interruption) => return Err(interruption),
    };
    let ends_without_any = page.objects.is_empty() && page.next.is_none();
    if !ends_without_any || (none_yet && is_known_to_have_none(job, app, of).await?) {
        return Ok(Asked::Page(page));
    }
    // It is also what a role gets that was taken its sight: believed when the application is seen, and then still nobody.
    match job.line.read_again(ObjectKind::App, app).await? {
        ById::Here(_) => Ok(pages.again(job).await?.map_or(Asked::End, Asked::Page)),
        ById::NotVisible | ById::Withheld(_) => Ok(Asked::Nothing),
    }
}

/// Whether nobody was assigned when the application was listed last: then a list without anybody changes nothing.
async fn is_known_to_have_none(job: &Discovering, app: &str, of: Of) -> Result<bool, Interruption> {
    let (directory, connection) = (&job.line.directory, &job.line.connection.name);
    let Some(listed) = directory.app_listed(connection, app).await? else { return Ok(false) };
    match of {
        Of::Groups => Ok(listed.groups == Some(0)),
        Of::People => Ok(directory.app_assignments(connection, app).try_next().await?.is_none()),
    }
}
