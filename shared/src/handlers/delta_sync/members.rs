//! Groups: those of the mapped ones whose members changed are listed again. Membership does not move a user's own
//! `lastUpdated`, so joiners and leavers show nowhere else.
//!
//! Who joined goes through the line off the list's pages. Who left is read by id, and so asked for by their groups: that
//! a list lacks somebody is no evidence. What a list says is stored after the effects that it had, and with the time at
//! which each was first found in the group or out of it; so a run that begins again, or finds that a full import stored
//! the same list before it, finds the same joiners and leavers.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;

use super::delta::Delta;
use crate::directory::{HowStored, Listing, StoredMembership};
use crate::groups::MappedGroup;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Seen;
use crate::line::ById;
use crate::model::{Mapping, ObjectKind, Outcome, RawObject, Reason, Rejection, identify};
use crate::reconcile::{Pass, Source};

/// Leavers after whom a checkpoint is due: each takes two calls.
const LEAVERS_A_PAGE: usize = 100;

/// What is stored of a group, by user.
type Stored = HashMap<String, HowStored>;

/// Lists every changed group again, in the order of the roles, from where the checkpoint stands.
pub(super) async fn read_groups(delta: &Delta) -> Result<(), Interruption> {
    loop {
        let at = delta.work().checkpoint.members.pass as usize;
        let Some(pass) = delta.passes.get(at) else { return Ok(()) };
        let group = delta.line.groups.group(pass.group);
        match group.filter(|group| pass.first && delta.work().changed.contains(&group.id)) {
            Some(group) => list(delta, pass, group).await?,
            None => {
                let mut work = delta.work();
                work.checkpoint.members.finish();
                // An earlier invocation may have been in the middle of it: that says nothing of the next group.
                (work.checkpoint.confirmed_to, work.members) = (None, Seen::default());
            }
        }
    }
}

/// Lists a group to its end, confirms who left, then stores who is in it.
async fn list(delta: &Delta, pass: &Pass, group: &MappedGroup) -> Result<(), Interruption> {
    let line = &delta.line;
    let stored = line.directory.memberships(&line.connection.name, &group.id);
    let stored: Stored = stored.map_ok(|StoredMembership { user, how }| (user, how)).try_collect().await?;
    let mut pages = delta.work().checkpoint.members.pages(&group.id);
    while let Some(page) = pages.next(delta).await? {
        take_in(delta, (pass, &stored), page.objects).await?;
        delta.work().checkpoint.members.turn(page.date, page.next.as_ref());
        delta.turn_page().await?;
    }
    let listed = std::mem::take(&mut delta.work().members.ids);
    confirm(delta, leavers(delta, &stored, &listed)).await?;
    let at = delta.work().checkpoint.members.at;
    if let Some(at) = at {
        let listing = Listing { group: group.id.clone(), at, members: listed };
        line.directory.put_listing(&line.lease, &listing).await?;
    }
    {
        let mut work = delta.work();
        work.checkpoint.members.finish();
        (work.checkpoint.confirmed_to, work.members) = (None, Seen::default());
    }
    delta.save().await
}

/// Notes a page's members, and takes those through the line who were not stored as members before the watermark.
async fn take_in(delta: &Delta, (pass, stored): (&Pass, &Stored), objects: Vec<RawObject>) -> Result<(), Interruption> {
    let since = delta.work().checkpoint.since;
    let was_member = |id: &String| stored.get(id).is_some_and(|how| how.is_member && how.since < since);
    let people = objects.into_iter().map(|object| (identify(&object).id, object));
    let (_, joined): (Vec<_>, Vec<_>) = {
        let mut work = delta.work();
        people.inspect(|(id, _)| work.members.insert(id)).partition(|(id, _)| was_member(id))
    };
    let (ids, objects): (Vec<String>, Vec<RawObject>) = joined.into_iter().unzip();
    let line = &delta.line;
    line.groups.recall(&line.directory, &line.connection.name, &ids).await?;
    ids.iter().for_each(|id| _ = line.groups.roster().add(id, pass.group));
    delta.take_in(objects, Source::Listed).await.map(drop)
}

/// Who was a member and is not listed any more, or was found to have left since the watermark; in order.
fn leavers(delta: &Delta, stored: &Stored, listed: &HashSet<String>) -> Vec<String> {
    let work = delta.work();
    let (since, done_to) = (work.checkpoint.since, work.checkpoint.confirmed_to.as_ref());
    let left = stored.iter().filter(|(_, how)| how.is_member || how.since >= since);
    let left = left.map(|(id, _)| id).filter(|id| !listed.contains(*id));
    let mut left: Vec<String> = left.filter(|id| done_to.is_none_or(|done_to| *id > done_to)).cloned().collect();
    left.sort_unstable();
    left
}

async fn confirm(delta: &Delta, leavers: Vec<String>) -> Result<(), Interruption> {
    for some in leavers.chunks(LEAVERS_A_PAGE) {
        for id in some {
            delta.interrupted()?;
            confirm_one(delta, id).await?;
            delta.work().checkpoint.confirmed_to = Some(id.clone());
        }
        delta.save().await?;
    }
    Ok(())
}

/// Reads somebody who left a group, with the groups that they are in now.
async fn confirm_one(delta: &Delta, id: &str) -> Result<(), Interruption> {
    let line = &delta.line;
    let mut concerned = Vec::new();
    for mapping in line.connection.mappings.iter().filter(|mapping| mapping.uses_groups()) {
        let known = line.directory.find(&line.connection.name, &mapping.name, id).await?;
        let standing = known.map(|known| known.current.standing);
        // Without a record, or with one out of scope already, nothing can follow from it.
        if standing.is_some_and(|standing| !standing.is_some_and(is_out)) {
            concerned.push(mapping);
        }
    }
    if concerned.is_empty() {
        return Ok(());
    }
    match line.read_in_sight(ObjectKind::User, id).await? {
        Some(ById::Here(object)) => {
            let landings = delta.take_in(vec![object], Source::ReadById).await?;
            // A group that does not answer confirms nothing.
            let is_untold = landings.iter().any(|landing| landing.outcome == Some(Outcome::Stale));
            delta.work().checkpoint.untold |= is_untold;
        }
        // The log tells of deletions.
        Some(ById::NotVisible) => {}
        None => line.note_untold(),
        Some(ById::Withheld(rejection)) => withhold(delta, &concerned, (id, rejection)).await?,
    }
    Ok(())
}

fn is_out(reason: Reason) -> bool {
    reason.is_gone() || reason == Reason::OutOfScope
}

async fn withhold(
    delta: &Delta,
    mappings: &[&Mapping],
    (id, rejection): (&str, Rejection),
) -> Result<(), Interruption> {
    for mapping in mappings {
        delta.line.reject(mapping, id, rejection.clone()).await?;
    }
    delta.work().checkpoint.untold = true;
    Ok(())
}
