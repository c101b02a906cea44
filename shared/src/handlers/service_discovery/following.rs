//! Following: the log's sign-ons, page after page from where the run before stopped to the log's end. What a page told is
//! stored before the position moves; a page that is read again changes nothing.

use std::collections::HashSet;

use super::checkpoint::Discovering;
use super::reading::kind_of;
use crate::directory::SignOnLog;
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::Pages;
use crate::model::app::{AppKind, SignOn, SignOns};
use crate::model::{Time, identify};
use crate::okta::{OktaError, Page, PageRequest, log_reaches_back_to};
use crate::reconcile::LATE_EVENTS;

/// Pages after which what they told is stored, whether or not it is much: so little is read again after a crash.
const PAGES_A_SAVE: usize = 25;

/// What was read and is not stored yet, and where it ends.
struct Read {
    sign_ons: SignOns,
    log: SignOnLog,
    /// Pages since the last time that it was stored.
    pages: usize,
}

/// Reads the sign-ons to the log's end. Whatever ends the reading before, what was read is kept.
pub(super) async fn follow(job: &Discovering) -> Result<(), Interruption> {
    let left_out = left_out(job).await?;
    let mut read = Read { sign_ons: SignOns::default(), log: begin(job).await?, pages: 0 };
    let ended = read_on(job, &mut read, &left_out).await;
    let stored = store(job, &mut read).await;
    ended.and(stored)
}

/// Reads page after page. Where the log may not be read, use is as known as it was.
async fn read_on(job: &Discovering, read: &mut Read, left_out: &HashSet<String>) -> Result<(), Interruption> {
    let line = &job.line;
    let beginning = log_reaches_back_to(line.okta.now());
    let question = question(job, &read.log);
    let stored = read.log.next.as_deref().map(PageRequest::stored);
    let mut at = stored.unwrap_or_else(|| question.clone());
    loop {
        job.interrupted()?;
        let page = match line.okta.page(&at).await {
            // Reading on from a while before what was read last meets some of it again, which is no harm.
            Err(OktaError::CursorLost(_)) if at != question => {
                at = question.clone();
                continue;
            }
            Err(error) if error.is_not_permitted() => {
                line.warn(format!(
                    "The system log could not be read, so the use of applications is not known: {error}"
                ));
                return Ok(());
            }
            page => page?,
        };
        let newest = take_in(job, (&page, left_out), &mut read.sign_ons);
        // At its head the log answers with a link as well, and without events (Okta: System Log query).
        let is_last = page.objects.is_empty() || page.next.is_none();
        let log = &mut read.log;
        log.observed_since.get_or_insert(beginning);
        log.looked = if is_last { Some(page.date) } else { newest.max(log.looked) };
        // After trouble a smaller page is asked for, and its link goes on with that: not for good.
        let next = page.next.map(|next| next.with_limit_of(&question));
        // A role that was lost for a moment gets a link that leads past what it may not see: a page without events is asked
        // for again.
        let on = if page.objects.is_empty() { Some(&at) } else { next.as_ref() };
        log.next = on.map(|on| on.as_str().to_owned());
        read.pages += 1;
        if read.sign_ons.is_full() || read.pages >= PAGES_A_SAVE {
            store(job, read).await?;
        }
        match next.filter(|_| !is_last) {
            Some(next) => at = next,
            None => return Ok(()),
        }
    }
}

/// Okta's own applications and the directories: nobody wants to know of their use. That none of Okta's own is there, says
/// that the list cannot be trusted.
async fn left_out(job: &Discovering) -> Result<HashSet<String>, Interruption> {
    let (mut pages, mut left_out, mut own) = (Pages::new(PageRequest::apps(), None), HashSet::new(), false);
    while let Some(page) = pages.next(job).await? {
        for app in &page.objects {
            let kind = kind_of(app);
            own |= kind == AppKind::OktaOwn;
            if kind != AppKind::Service {
                left_out.insert(identify(app).id);
            }
        }
    }
    if own { Ok(left_out) } else { Err(without_okta_s_own()) }
}

/// No org lacks Okta's own applications.
pub(super) fn without_okta_s_own() -> Interruption {
    blind(
        "Okta's own applications are not in the list, and no org lacks them: the credential sees only part of the \
         applications.",
    )
}

/// Where the log was followed to; from its beginning, where it was not, or so long ago that it has lost events since.
async fn begin(job: &Discovering) -> Result<SignOnLog, Interruption> {
    let line = &job.line;
    let log = line.directory.sign_on_log(&line.connection.name).await?;
    let beginning = log_reaches_back_to(line.okta.now());
    match log.looked.filter(|looked| *looked < beginning) {
        Some(looked) => {
            line.warn(format!(
                "Okta's log has lost sign-ons since it was looked at last, at {looked}: what is known of the use of \
                 applications begins anew, at {beginning}."
            ));
            Ok(SignOnLog::default())
        }
        None => Ok(log),
    }
}

/// The sign-ons that may not have been read.
fn question(job: &Discovering, log: &SignOnLog) -> PageRequest {
    let beginning = log_reaches_back_to(job.line.okta.now());
    let since = log.looked.map_or(beginning, |looked| looked.before(LATE_EVENTS));
    PageRequest::sign_ons(since.max(beginning))
}

/// Notes a page's sign-ons; gives the time of the newest.
fn take_in(job: &Discovering, (page, left_out): (&Page, &HashSet<String>), sign_ons: &mut SignOns) -> Option<Time> {
    let (mut newest, mut unreadable) = (None, 0);
    for event in &page.objects {
        match SignOn::of(event) {
            Ok(Some(mut sign_on)) => {
                newest = newest.max(Some(sign_on.at));
                sign_on.apps.retain(|app| !left_out.contains(app));
                sign_ons.add(&sign_on);
            }
            Ok(None) => {}
            Err(_) => unreadable += 1,
        }
    }
    if unreadable > 0 {
        job.line.warn(format!("{unreadable} events of Okta's log could not be read, and were left out."));
    }
    newest
}

/// Stores what was read, then where it ends.
async fn store(job: &Discovering, read: &mut Read) -> Result<(), Interruption> {
    if read.pages == 0 {
        return Ok(());
    }
    let line = &job.line;
    line.directory.add_sign_ons(&line.lease, std::mem::take(&mut read.sign_ons), line.okta.now()).await?;
    line.directory.put_sign_on_log(&line.lease, &read.log).await?;
    read.pages = 0;
    Ok(())
}
