//! Reading: the list of devices, all of them or those that changed, taken through the line page by page.

use serde::Deserialize;

use super::checkpoint::Collecting;
use crate::error::{Error, Fate};
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::Pages;
use crate::model::{ObjectKind, RawObject, Time, identify};
use crate::okta::{OktaError, Page, PageRequest};
use crate::reconcile::Source;
use crate::report::Problem;

/// Reads the list from where the checkpoint stands. An empty one is believed of an org where no device was ever known.
pub(super) async fn read(job: &Collecting) -> Result<(), Interruption> {
    let (at, first, witnesses) = {
        let work = job.work();
        let checkpoint = &work.checkpoint;
        let first = match checkpoint.all {
            true => PageRequest::devices(),
            false => PageRequest::devices_updated_since(checkpoint.since, &work.witnesses),
        };
        (checkpoint.cursor.as_deref().map(PageRequest::stored), first, work.witnesses.clone())
    };
    let mut pages = Pages::new(first, at);
    while let Some(page) = next(job, &mut pages).await? {
        let shown = page.objects.iter().any(|object| witnesses.contains(&identify(object).id));
        job.take_in(changed(job, page.objects), Source::Listed).await?;
        {
            let checkpoint = &mut job.work().checkpoint;
            checkpoint.asked.get_or_insert(page.date);
            checkpoint.cursor = page.next.as_ref().map(|next| next.as_str().to_owned());
            checkpoint.shown |= shown;
        }
        if page.next.is_some() {
            job.turn_page().await?;
        }
    }
    let now = job.line.okta.now();
    job.ledger(|ledger| ledger.closed = Some(now));
    if job.work().checkpoint.all { look_around(job).await } else { Ok(()) }
}

/// The next page. That the org has no devices to show, or not to this credential, is told as what it is.
async fn next(job: &Collecting, pages: &mut Pages) -> Result<Option<Page>, Interruption> {
    match pages.next(job).await {
        Err(Interruption::Error(Error::Okta(error))) if error.is_not_permitted() => {
            Err(Error::Problem(not_collected(job, &error).await?, Fate::Fatal).into())
        }
        page => page,
    }
}

/// The devices of a page that are new or changed: of the witnesses, who are there in any case, those that did not change are
/// left out.
fn changed(job: &Collecting, objects: Vec<RawObject>) -> Vec<RawObject> {
    let work = job.work();
    if work.checkpoint.all {
        return objects;
    }
    let since = work.checkpoint.since;
    let is_quiet = |object: &RawObject| {
        work.witnesses.contains(&identify(object).id) && updated(object).is_some_and(|updated| updated < since)
    };
    objects.into_iter().filter(|object| !is_quiet(object)).collect()
}

fn updated(object: &RawObject) -> Option<Time> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Updated {
        last_updated: Time,
    }
    serde_json::from_str::<Updated>(&object.text).ok().map(|updated| updated.last_updated)
}

/// An empty list is what a lost role looks like, and what Classic may answer; an org without devices is quite possible, too.
async fn look_around(job: &Collecting) -> Result<(), Interruption> {
    if job.ledger(|ledger| ledger.people) > 0 {
        return Ok(());
    }
    let line = &job.line;
    for (_, mapping) in line.connection.mappings_of(ObjectKind::Device) {
        if !line.directory.some_active((&line.connection.name, &mapping.name), 0, 1).await?.is_empty() {
            return Err(blind("Okta lists no device at all, and some are known."));
        }
    }
    if line.okta.organization().await?.pipeline.as_deref() == Some("v1") {
        return Err(Error::Problem(of_classic(&line.connection.name, "Okta lists none"), Fate::Fatal).into());
    }
    line.warn("Okta lists no device: none is enrolled in Okta Verify, or the credential may not see them.");
    Ok(())
}

/// Why there are no devices: never that there are none.
async fn not_collected(job: &Collecting, error: &OktaError) -> Result<Problem, Interruption> {
    let name = &job.line.connection.name;
    if job.line.okta.organization().await?.pipeline.as_deref() == Some("v1") {
        return Ok(of_classic(name, &error.to_string()));
    }
    Ok(Problem::new(
        "devices-not-permitted",
        "The devices were not collected",
        format!("The credential of connection {name} may not list devices, or the org lacks the feature: {error}"),
        "In Okta's admin console give the credential's account a role that sees devices (Security > Administrators), or the \
         service app the scope okta.devices.read. What is known of devices stayed as it was.",
    ))
}

fn of_classic(name: &str, why: &str) -> Problem {
    Problem::new(
        "devices-not-available",
        "The devices were not collected",
        format!("The org of connection {name} is on Okta Classic Engine, which has no devices to show: {why}"),
        "Take the mappings of devices out of the connection, or set its schedule for device-collection to `off`, until \
         the org is on Identity Engine.",
    )
}
