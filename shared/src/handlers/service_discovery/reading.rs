//! Reading: the list of applications. Of each that is a service the people are listed before it is taken through the line.

use serde::Deserialize;

use super::checkpoint::Discovering;
use super::following::without_okta_s_own;
use super::people;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::{Pages, Sheet};
use crate::model::app::AppKind;
use crate::model::{RawObject, identify, peek};
use crate::okta::PageRequest;
use crate::reconcile::Source;

/// Reads the list from where the checkpoint stands. The page that is being worked on is asked for again by whoever takes the
/// run up: which of its applications were met is known.
pub(super) async fn read(job: &Discovering) -> Result<(), Interruption> {
    let at = job.work().checkpoint.cursor.as_deref().map(PageRequest::stored);
    let mut pages = Pages::new(PageRequest::apps(), at);
    while let Some(page) = pages.next(job).await? {
        job.work().checkpoint.asked.get_or_insert(page.date);
        for app in page.objects {
            let kind = kind_of(&app);
            job.work().checkpoint.own |= kind == AppKind::OktaOwn;
            match kind {
                AppKind::OktaOwn | AppKind::Directory => drop(job.work().left_out.insert(identify(&app).id)),
                AppKind::Service => take_in(job, app).await?,
            }
        }
        if let Some(next) = &page.next {
            job.work().checkpoint.cursor = Some(next.as_str().to_owned());
            job.save().await?;
        }
    }
    let now = job.line.okta.now();
    job.ledger(|ledger| ledger.closed = Some(now));
    let own = job.work().checkpoint.own;
    if own { Ok(()) } else { Err(without_okta_s_own()) }
}

async fn take_in(job: &Discovering, app: RawObject) -> Result<(), Interruption> {
    job.interrupted()?;
    if let Some(id) = peek(&app).id {
        if job.work().has_met(&id) {
            return Ok(());
        }
        people::list(job, &id).await?;
    }
    job.take_in(vec![app], Source::Listed).await?;
    job.turn_page().await
}

/// What an application of the list is; one that cannot be read counts as a service, and decoding says what is wrong.
pub(in crate::handlers) fn kind_of(app: &RawObject) -> AppKind {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_str::<Named>(&app.text).map_or(AppKind::Service, |app| AppKind::of(&app.name))
}
