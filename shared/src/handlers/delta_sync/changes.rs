//! Changes: who changed since the watermark is read by `filter`, which is fresher than `search`; and whether the answer
//! can be trusted.
//!
//! A role that was lost shows as a list without anybody, which is also what a quiet quarter of an hour looks like. So the
//! list is asked for two known active people besides, the witnesses. Where it shows neither, they are read by id.

use super::checkpoint::Shown;
use super::delta::Delta;
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::Pages;
use crate::line::ById;
use crate::model::{ObjectKind, RawObject, decode, identify};
use crate::okta::{Deletions, PageRequest};
use crate::reconcile::{LATE_EVENTS, Source};

/// Reads who changed, from where the checkpoint stands.
pub(super) async fn read(delta: &Delta) -> Result<(), Interruption> {
    let line = &delta.line;
    let (since, at, witnesses) = {
        let work = delta.work();
        (work.checkpoint.since, work.checkpoint.users.clone(), work.witnesses.clone())
    };
    let first = PageRequest::users_updated_since(since, &witnesses, &delta.attributes);
    let mut pages = Pages::new(first, at.map(|at| PageRequest::resume(&at, &delta.attributes)));
    while let Some(page) = pages.next(delta).await? {
        let (shown, people) = sort_out(delta, page.objects);
        if !people.is_empty() {
            let ids: Vec<String> = people.iter().map(|object| identify(object).id).collect();
            line.groups.recall(&line.directory, &line.connection.name, &ids).await?;
            delta.take_in(only_members(delta, people), Source::Listed).await?;
        }
        {
            let checkpoint = &mut delta.work().checkpoint;
            checkpoint.asked.get_or_insert(page.date);
            checkpoint.users = page.next.as_ref().map(PageRequest::cursor);
            checkpoint.shown.people |= shown.people;
            checkpoint.shown.witness |= shown.witness;
        }
        if page.next.is_some() {
            delta.turn_page().await?;
        }
    }
    look_around(delta).await?;
    let now = line.okta.now();
    delta.ledger(|ledger| ledger.closed = Some(now));
    Ok(())
}

/// The people of a page who changed, without the witnesses who did not; and whom the page showed.
fn sort_out(delta: &Delta, objects: Vec<RawObject>) -> (Shown, Vec<RawObject>) {
    let work = delta.work();
    let mut shown = Shown::default();
    let mut people = Vec::with_capacity(objects.len());
    for object in objects {
        let user = decode(ObjectKind::User, std::slice::from_ref(&object)).pop().and_then(Result::ok);
        shown.witness |= user.as_ref().is_some_and(|user| work.witnesses.contains(&user.id));
        // Nobody else than a witness is listed without a change.
        if user.is_none_or(|user| user.last_updated >= work.checkpoint.since) {
            shown.people = true;
            people.push(object);
        }
    }
    (shown, people)
}

/// Where the members of the mapped groups are all who matter, those of whom it is known that they are in none stay out.
fn only_members(delta: &Delta, people: Vec<RawObject>) -> Vec<RawObject> {
    let groups = &delta.line.groups;
    let is_elsewhere = |object: &RawObject| {
        let person = identify(object);
        let is_known = person.created.is_some_and(|created| groups.as_listed(&person.id, created).is_some());
        delta.by_group && is_known && groups.roster().groups(&person.id).is_empty()
    };
    people.into_iter().filter(|object| !is_elsewhere(object)).collect()
}

/// Whether the list showed what there is. One without anybody is believed only while it shows a witness; where it shows
/// neither, whatever else it showed is synced, and the next run begins where this one did.
async fn look_around(delta: &Delta) -> Result<(), Interruption> {
    let (shown, mut witnesses) = {
        let work = delta.work();
        (work.checkpoint.shown, work.witnesses.clone())
    };
    if shown.witness {
        return Ok(());
    }
    let Some(first) = witnesses.first().cloned() else { return look_for_anybody(delta, shown).await };
    let names = witnesses.join(", ");
    if witnesses.len() == 1 {
        witnesses.push(first);
    }
    let mut is_there = false;
    for witness in &witnesses {
        is_there |= matches!(delta.line.read_again(ObjectKind::User, witness).await?, ById::Here(_));
    }
    let are_deleted = !is_there && were_deleted(delta, &witnesses).await?;
    if !is_there && !are_deleted && !shown.people {
        return Err(blind(format!(
            "Okta lists nobody who changed, and people who are known to be active are out of sight: {names}."
        )));
    }
    let how = match (is_there, are_deleted) {
        (true, _) => "Okta's list left out",
        (false, true) => "Deleted since are",
        (false, false) => "Out of the credential's sight are",
    };
    delta.line.warn(format!(
        "{how} people who are known to be active: {names}. Others may be missing too, so the next run begins where this \
         one did."
    ));
    delta.work().checkpoint.untold = true;
    Ok(())
}

/// Whether Okta's log has all of these people as deleted: then it says nothing of the credential that they are out of sight.
async fn were_deleted(delta: &Delta, people: &[String]) -> Result<bool, Interruption> {
    let since = delta.work().checkpoint.since.before(LATE_EVENTS);
    Ok(match delta.line.okta.deletions(ObjectKind::User, since).await? {
        Deletions::Known(found) => people.iter().all(|id| found.contains_key(id)),
        Deletions::NotPermitted(_) => false,
    })
}

/// Without anybody known to be active, that there is anybody has to do.
async fn look_for_anybody(delta: &Delta, shown: Shown) -> Result<(), Interruption> {
    if !shown.people && delta.line.okta.first_user().await?.is_none() {
        return Err(blind("Okta's list of people is empty, and no org has nobody in it."));
    }
    Ok(())
}
