//! Hints: what the log says of devices since the watermark. Who gets a device or gives it back moves nothing that search
//! could find, and a device that is deleted is in no list.

use std::collections::BTreeMap;
use std::time::Duration;

use super::checkpoint::Collecting;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Pages;
use crate::handlers::work::absences::gone_from;
use crate::line::ById;
use crate::model::{ObjectEvent, ObjectKind, Reason};
use crate::okta::PageRequest;
use crate::reconcile::Source;

/// How long before the watermark events are looked for besides: they may reach the log later than devices the index.
const LATER_STILL: Duration = Duration::from_secs(15 * 60);
/// Devices after which a checkpoint is due: each takes two calls.
const DEVICES_A_PAGE: usize = 50;

/// Whether everything that could have changed was looked at.
pub(super) enum Followed {
    /// It was.
    All,
    /// The log may not be read, or what the list showed cannot be trusted.
    NotAll,
}

/// Looks at every device that the log hints at and that the list has not shown. A run that looks at all of them needs no
/// hints.
pub(super) async fn follow(job: &Collecting) -> Result<Followed, Interruption> {
    let (all, since, shown, any_witness) = {
        let work = job.work();
        (work.checkpoint.all, work.checkpoint.since, work.checkpoint.shown, !work.witnesses.is_empty())
    };
    if all {
        return Ok(Followed::All);
    }
    if any_witness && !shown {
        job.line.warn("Okta's search left out devices that are known to be active, so all devices are looked at.");
        return Ok(Followed::NotAll);
    }
    let request = PageRequest::device_hints(since.before(LATER_STILL));
    let mut pages = Pages::new(request, None);
    let mut hinted: BTreeMap<String, bool> = BTreeMap::new();
    loop {
        let page = match pages.next(job).await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(Interruption::Error(crate::error::Error::Okta(error))) if error.is_not_permitted() => {
                job.line.warn(format!("The system log could not be read, so all devices are looked at: {error}"));
                return Ok(Followed::NotAll);
            }
            Err(interruption) => return Err(interruption),
        };
        let is_end = page.objects.is_empty();
        for event in &page.objects {
            match ObjectEvent::of(ObjectKind::Device, event) {
                Ok(event) => {
                    for (event, id) in event.iter().flat_map(|event| event.ids.iter().map(move |id| (event, id))) {
                        *hinted.entry(id.clone()).or_default() |= event.is_deletion;
                    }
                }
                Err(_) => tracing::warn!("an event of Okta's log cannot be read and is left out"),
            }
        }
        if is_end {
            break;
        }
    }
    look_at(job, hinted).await?;
    Ok(Followed::All)
}

async fn look_at(job: &Collecting, hinted: BTreeMap<String, bool>) -> Result<(), Interruption> {
    let done_to = job.work().checkpoint.done_to.clone();
    let left: Vec<(String, bool)> =
        hinted.into_iter().filter(|(id, _)| done_to.as_ref().is_none_or(|done_to| id > done_to)).collect();
    for some in left.chunks(DEVICES_A_PAGE) {
        for (id, is_deleted) in some {
            job.interrupted()?;
            look_at_one(job, id, *is_deleted).await?;
            job.work().checkpoint.done_to = Some(id.clone());
        }
        job.save().await?;
    }
    job.work().checkpoint.done_to = None;
    Ok(())
}

async fn look_at_one(job: &Collecting, id: &str, is_deleted: bool) -> Result<(), Interruption> {
    match job.line.read_again(ObjectKind::Device, id).await? {
        ById::Here(object) => job.take_in(vec![object], Source::ReadById).await.map(drop),
        ById::NotVisible if is_deleted => gone_from(job, id, &Ok(Reason::Deleted)).await,
        // Absence alone is no evidence: a complete list will tell.
        ById::NotVisible => Ok(()),
        ById::Withheld(rejection) => gone_from(job, id, &Err(rejection)).await,
    }
}
