//! Hints: what the log says of devices since the watermark. Who gets a device or gives it back moves nothing that search
//! could find, and a device that is deleted is in no list.

use std::collections::BTreeMap;
use std::time::Duration;

use super::checkpoint::Collecting;
use crate::error::Error;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Pages;
use crate::handlers::work::absences::gone_from;
use crate::line::ById;
use crate::model::{ObjectEvent, ObjectKind, Reason, Time, Told};
use crate::okta::PageRequest;
use crate::reconcile::Source;

/// How long before the watermark events are looked for besides: they may reach the log later than devices the index.
const LATER_STILL: Duration = Duration::from_secs(15 * 60);
/// With more hints than this all devices are looked at: each takes two calls.
const MOST: usize = 100;
/// Devices after which a checkpoint is due: each takes two calls.
const DEVICES_A_PAGE: usize = 25;

/// Whether everything that could have changed was looked at.
pub(super) enum Followed {
    /// It was.
    All,
    /// The log may not be read, or what the list showed cannot be trusted.
    NotAll,
}

/// Looks at every device that the log hints at and whose news the list cannot have shown. A run that looks at all of them
/// needs no hints.
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
    let hinted = match read(job, since).await {
        Ok(hinted) => hinted,
        Err(Interruption::Error(Error::Okta(error))) if error.is_not_permitted() => {
            job.line.warn(format!("The system log could not be read, so all devices are looked at: {error}"));
            return Ok(Followed::NotAll);
        }
        Err(interruption) => return Err(interruption),
    };
    let hinted: Vec<(String, Told)> = {
        let met = &job.work().meeting.met.ids;
        hinted.into_iter().filter(|(id, told)| *told > Told::Changed || !met.contains(id)).collect()
    };
    if hinted.len() > MOST {
        // The complete list costs less.
        return Ok(Followed::NotAll);
    }
    look_at(job, hinted).await?;
    Ok(Followed::All)
}

/// The devices that the log hints at, and the weightiest that it tells of each.
async fn read(job: &Collecting, since: Time) -> Result<BTreeMap<String, Told>, Interruption> {
    let mut pages = Pages::new(PageRequest::device_hints(since.before(LATER_STILL)), None);
    let mut hinted: BTreeMap<String, Told> = BTreeMap::new();
    while let Some(page) = pages.next(job).await? {
        for event in &page.objects {
            let Ok(event) = ObjectEvent::of(ObjectKind::Device, event) else {
                tracing::warn!("an event of Okta's log cannot be read and is left out");
                continue;
            };
            let told =
                event.into_iter().flat_map(|ObjectEvent { told, ids, .. }| ids.into_iter().map(move |id| (id, told)));
            for (id, told) in told {
                let weightiest = hinted.entry(id).or_insert(told);
                *weightiest = told.max(*weightiest);
            }
        }
        if page.objects.is_empty() {
            // The log always has a next page; here it ends for now.
            break;
        }
    }
    Ok(hinted)
}

async fn look_at(job: &Collecting, hinted: Vec<(String, Told)>) -> Result<(), Interruption> {
    let done_to = job.work().checkpoint.done_to.clone();
    let left: Vec<_> =
        hinted.into_iter().filter(|(id, _)| done_to.as_ref().is_none_or(|done_to| id > done_to)).collect();
    for some in left.chunks(DEVICES_A_PAGE) {
        for (id, told) in some {
            job.interrupted()?;
            look_at_one(job, id, *told).await?;
            job.work().checkpoint.done_to = Some(id.clone());
        }
        job.save().await?;
    }
    job.work().checkpoint.done_to = None;
    Ok(())
}

async fn look_at_one(job: &Collecting, id: &str, told: Told) -> Result<(), Interruption> {
    match job.line.read_again(ObjectKind::Device, id).await? {
        ById::Here(object) => job.take_in(vec![object], Source::ReadById).await.map(drop),
        ById::NotVisible if told == Told::Deleted => {
            gone_from(job, id, &Ok(Reason::Deleted)).await?;
            // Also of a device that no mapping shows.
            Ok(job.line.note_gone_device(id).await?)
        }
        // Absence alone is no evidence: a complete list will tell.
        ById::NotVisible => Ok(()),
        ById::Withheld(rejection) => gone_from(job, id, &Err(rejection)).await,
    }
}
