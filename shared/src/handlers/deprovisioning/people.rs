//! The people whom the log hints at: each is read again, as Okta has them now, and goes the way of every record.
//!
//! Whoever has no record is left to the delta-sync: nobody can leave who never came. Somebody whose status may have
//! changed is read by id; of somebody who joined or left a group, the groups are read by id, and the object in bulk, for
//! it has not changed. So each costs one call.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::checkpoint::Deprovisioning;
use super::follow::Hinted;
use super::gone;
use crate::directory::Known;
use crate::handlers::interruption::Interruption;
use crate::line::Person;
use crate::model::{Outcome, RawObject, Reason, Standing, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::Source;

/// Reads of the directory that are under way beside each other.
const LOOKED_UP_AT_ONCE: usize = 16;
/// People who are read beside each other. After so many a checkpoint is due: however slow Okta is, or small its limits, an
/// invocation comes on by some.
pub(super) const READ_AT_ONCE: usize = 8;

/// Somebody to look at, and the records that they have: by the mapping's place.
pub(super) struct Concerned {
    pub(super) id: String,
    pub(super) hinted: Hinted,
    pub(super) known: Vec<(usize, Known)>,
}

impl Concerned {
    /// Whether the object itself may have changed.
    fn is_read_by_id(&self) -> bool {
        self.hinted.status || self.hinted.deleted
    }
}

/// Where hints come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// An event hook.
    Hook,
    /// The page of the log that the checkpoint stands at: how far it is looked at is kept.
    Page,
}

/// Looks at everybody whom hints are about.
pub(super) async fn look_at(
    job: &Deprovisioning,
    people: BTreeMap<String, Hinted>,
    origin: Origin,
) -> Result<(), Interruption> {
    let done_to = job.work().checkpoint.page.done_to.clone().filter(|_| origin == Origin::Page);
    let left = people.into_iter().filter(|(id, _)| done_to.as_ref().is_none_or(|done_to| id > done_to));
    let looking_up: Vec<_> = left.map(|(id, hinted)| concern(job, id, hinted)).collect();
    let concerned: Vec<Option<Concerned>> = stream::iter(looking_up).buffered(LOOKED_UP_AT_ONCE).try_collect().await?;
    let concerned: Vec<Concerned> = concerned.into_iter().flatten().collect();
    let mut listed = list(job, concerned.iter().filter(|person| !person.is_read_by_id())).await?;
    for some in concerned.chunks(READ_AT_ONCE) {
        job.interrupted()?;
        {
            let mut reported = job.line.reported.lock().unwrap_or_else(PoisonError::into_inner);
            reported.extend(some.iter().map(|person| (person.id.clone(), person.hinted.first)));
        }
        note_groups(job, some).await?;
        let (by_id, members): (Vec<_>, Vec<_>) = some.iter().partition(|person| person.is_read_by_id());
        read_by_id(job, &by_id).await?;
        take_in_members(job, &members, &mut listed).await?;
        if origin == Origin::Page {
            job.work().checkpoint.page.done_to = some.last().map(|person| person.id.clone());
        }
        job.save().await?;
    }
    Ok(())
}

/// The records of somebody whom a hint is about; `None` where nothing can follow from it.
async fn concern(job: &Deprovisioning, id: String, hinted: Hinted) -> Result<Option<Concerned>, Interruption> {
    let line = &job.line;
    let mut known = Vec::new();
    for (index, mapping) in line.connection.mappings_of_people() {
        if hinted.status || hinted.deleted || mapping.uses_groups() {
            let found = line.directory.find(&line.connection.name, &mapping.name, &id).await?;
            known.extend(found.map(|known| (index, known)));
        }
    }
    let is_news =
        known.iter().any(|(_, known)| may_change(known.current.standing, known.current.source_updated, &hinted));
    // Whatever kept somebody from syncing, that they are deleted settles it.
    let is_settled = || line.connection.mappings_of_people().any(|(_, mapping)| line.is_unsynced(&mapping.name, &id));
    let is_news = is_news || hinted.deleted && is_settled();
    Ok(is_news.then_some(Concerned { id, hinted, known }))
}

/// Whether a record may not know yet what a hint is about. A change of status moves `lastUpdated`, so one that is later
/// than the event has seen it.
fn may_change(standing: Standing, updated: Time, hinted: &Hinted) -> bool {
    match standing {
        Some(Reason::Deleted) => !hinted.deleted,
        _ => hinted.membership || hinted.deleted || updated <= hinted.last,
    }
}

/// Reads and stores which mapped groups people are in who joined or left one; of the others, the stored listings say it.
async fn note_groups(job: &Deprovisioning, people: &[Concerned]) -> Result<(), Interruption> {
    let line = &job.line;
    if line.groups.listed().next().is_none() {
        return Ok(());
    }
    let knows_groups = job.work().knows_groups;
    let (asked, listed): (Vec<_>, Vec<_>) = people.iter().partition(|person| person.hinted.membership || !knows_groups);
    let listed: Vec<String> = listed.into_iter().map(|person| person.id.clone()).collect();
    line.groups.recall(&line.directory, &line.connection.name, &listed).await?;
    let asking: Vec<_> = asked.into_iter().map(|person| ask_for_groups(job, &person.id)).collect();
    stream::iter(asking).buffer_unordered(READ_AT_ONCE).try_collect().await
}

async fn ask_for_groups(job: &Deprovisioning, id: &str) -> Result<(), Interruption> {
    let line = &job.line;
    // Before the question: whatever is listed later than that is newer.
    let at = Time::from_millis(line.okta.now().epoch_seconds() * 1_000);
    let Some(places) = line.groups.places_now(&line.okta, id).await? else {
        line.warn("The groups of somebody whom the log reports could not be read: the next delta-sync looks again.");
        // What is stored stays: that nobody can tell is no evidence.
        return Ok(line.groups.recall(&line.directory, &line.connection.name, &[id.to_owned()]).await?);
    };
    let groups: Vec<(&str, bool)> =
        line.groups.listed().map(|(place, group)| (group.id.as_str(), places.contains(&place))).collect();
    line.directory.put_memberships(&line.lease, (id, at), &groups).await?;
    line.groups.roster().set(id, places);
    Ok(())
}

/// Reads people by id whose status may have changed.
async fn read_by_id(job: &Deprovisioning, people: &[&Concerned]) -> Result<(), Interruption> {
    let line = &job.line;
    let reading = people.iter().map(|person| async { Ok::<_, Interruption>(line.read_again(&person.id).await?) });
    let reading: Vec<_> = reading.collect();
    let found: Vec<Person> = stream::iter(reading).buffered(READ_AT_ONCE).try_collect().await?;
    let (mut here, mut out_of_sight) = (Vec::new(), false);
    for (person, found) in people.iter().zip(found) {
        match found {
            Person::Here(object) => here.push(object),
            Person::NotVisible => out_of_sight |= !gone::take_in(job, person).await?,
            Person::Withheld(rejection) => gone::reject(job, person, rejection).await?,
        }
    }
    if out_of_sight {
        gone::look_around(job).await?;
    }
    job.take_in(here, Source::ObjectById).await.map(drop)
}

/// Reads people in bulk, as far as the list shows them; by id.
async fn list(
    job: &Deprovisioning,
    people: impl Iterator<Item = &Concerned>,
) -> Result<HashMap<String, RawObject>, Interruption> {
    let ids: Vec<String> = people.map(|person| person.id.clone()).collect();
    let mut listed = HashMap::new();
    for some in ids.chunks(PageRequest::MOST_IDS) {
        let mut next = Some(PageRequest::users_by_id(some, &job.attributes));
        while let Some(asked) = next {
            let page = job.line.okta.page(&asked).await?;
            listed.extend(page.objects.into_iter().map(|object| (identify(&object).id, object)));
            next = page.next;
        }
    }
    Ok(listed)
}

/// Takes in people who joined or left a group; reads those by id whom the list does not show, or shows as they were
/// before.
async fn take_in_members(
    job: &Deprovisioning,
    people: &[&Concerned],
    listed: &mut HashMap<String, RawObject>,
) -> Result<(), Interruption> {
    let shown = people.iter().filter_map(|person| Some((person.id.as_str(), listed.remove(&person.id)?)));
    let (shown, objects): (HashSet<&str>, Vec<RawObject>) = shown.unzip();
    let landings = job.take_in(objects, Source::GroupsById).await?;
    let stale = landings.iter().filter(|landing| landing.outcome == Some(Outcome::Stale));
    let stale: HashSet<&str> = stale.map(|landing| landing.id.as_str()).collect();
    let is_left = |person: &&Concerned| !shown.contains(person.id.as_str()) || stale.contains(person.id.as_str());
    let again: Vec<&Concerned> = people.iter().copied().filter(is_left).collect();
    read_by_id(job, &again).await
}

#[cfg(test)]
mod tests {
    use super::may_change;
    use crate::handlers::deprovisioning::follow::Hinted;
    use crate::model::{Reason, Time};

    #[test]
    fn what_a_record_has_seen_already_is_no_news() {
        let at = |second: i64| Time::from_millis(second * 1_000);
        let hint = |status, deleted, membership| Hinted { first: at(1), last: at(100), status, deleted, membership };
        let (left, deleted, moved) = (hint(true, false, false), hint(false, true, false), hint(false, false, true));
        for (updated, standing, hinted, expected) in [
            (50, None, &left, true),
            // The same second may have had another change before.
            (100, None, &left, true),
            (101, None, &left, false),
            (101, Some(Reason::Suspended), &left, false),
            (101, None, &moved, true),
            (101, Some(Reason::Deactivated), &deleted, true),
            (50, Some(Reason::Deleted), &deleted, false),
            (50, Some(Reason::Deleted), &left, true),
        ] {
            assert_eq!(may_change(standing, at(updated), hinted), expected, "{updated} {standing:?} {hinted:?}");
        }
    }
}
