//! The people whom the log hints at: each is read again, as Okta has them now, and goes the way of every record.
//!
//! Whoever has no record is left to the delta-sync: nobody can leave who never came. Somebody whose status may have
//! changed is read by id; of somebody who joined or left a group, the groups are read by id, and the object in bulk, for
//! it has not changed. So each costs one call.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::OnceCell;

use super::checkpoint::Deprovisioning;
use super::follow::Hinted;
use super::gone;
use crate::directory::Known;
use crate::groups::MappedGroup;
use crate::handlers::interruption::Interruption;
use crate::line::ById;
use crate::model::{ObjectKind, Outcome, RawObject, Reason, Standing, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::Source;

/// Reads of the directory that are under way beside each other.
const LOOKED_UP_AT_ONCE: usize = 16;
/// People who are read beside each other, and taken in together.
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

/// Looks at everybody whom hints are about, in the order of ids, and takes in some at a time. However slow Okta is, or small
/// its limits: whoever was read before the time was up is taken in, and not read again.
pub(super) async fn look_at(
    job: &Deprovisioning,
    people: BTreeMap<String, Hinted>,
    origin: Origin,
) -> Result<(), Interruption> {
    let line = &job.line;
    let done_to = job.work().checkpoint.page.done_to.clone().filter(|_| origin == Origin::Page);
    let left = people.into_iter().filter(|(id, _)| done_to.as_ref().is_none_or(|done_to| id > done_to));
    let looking_up: Vec<_> = left.map(|(id, hinted)| concern(job, id, hinted)).collect();
    let concerned: Vec<Option<Concerned>> = stream::iter(looking_up).buffered(LOOKED_UP_AT_ONCE).try_collect().await?;
    let concerned: Vec<Concerned> = concerned.into_iter().flatten().collect();
    let ids: Vec<String> = concerned.iter().map(|person| person.id.clone()).collect();
    line.groups.recall(&line.directory, &line.connection.name, &ids).await?;
    {
        let mut reported = line.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.extend(concerned.iter().map(|person| (person.id.clone(), person.hinted.first)));
    }
    let lists = Lists::of(&concerned);
    let reading: Vec<_> = concerned.iter().map(|person| read(job, person, &lists)).collect();
    let mut reading = stream::iter(reading).buffered(READ_AT_ONCE);
    loop {
        let mut some = Vec::with_capacity(READ_AT_ONCE);
        let stopped = loop {
            match reading.next().await {
                Some(Ok(found)) => some.push(found),
                Some(Err(interruption)) => break Some(interruption),
                None => break None,
            }
            if some.len() == READ_AT_ONCE {
                break None;
            }
        };
        let is_last = some.len() < READ_AT_ONCE;
        take_in(job, some, origin).await?;
        match stopped {
            Some(interruption) => return Err(interruption),
            None if is_last => return Ok(()),
            None => {}
        }
    }
}

/// Takes in people as they were read, and keeps how far that is.
async fn take_in(job: &Deprovisioning, people: Vec<Found<'_>>, origin: Origin) -> Result<(), Interruption> {
    let Some(last) = people.last().map(|found| found.person.id.clone()) else { return Ok(()) };
    let (mut by_id, mut listed, mut members, mut out_of_sight) = (Vec::new(), Vec::new(), Vec::new(), false);
    for Found { person, how } in people {
        match how {
            How::ById(ById::Here(object)) => by_id.push(object),
            How::ById(ById::NotVisible) => out_of_sight |= !gone::take_in(job, person).await?,
            How::ById(ById::Withheld(rejection)) => gone::reject(job, person, rejection).await?,
            How::Listed(object) => {
                listed.push(object);
                members.push(person);
            }
        }
    }
    if out_of_sight {
        gone::look_around(job).await?;
    }
    job.take_in(by_id, Source::ObjectById).await?;
    let landings = job.take_in(listed, Source::GroupsById).await?;
    // The list showed them as they were before.
    let stale = landings.iter().filter(|landing| landing.outcome == Some(Outcome::Stale));
    let stale: HashSet<&str> = stale.map(|landing| landing.id.as_str()).collect();
    for person in members.into_iter().filter(|person| stale.contains(person.id.as_str())) {
        if let ById::Here(object) = job.line.read_again(ObjectKind::User, &person.id).await? {
            job.take_in(vec![object], Source::ObjectById).await?;
        }
    }
    if origin == Origin::Page {
        job.work().checkpoint.page.done_to = Some(last);
    }
    job.save().await
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

/// Somebody, as Okta has them now.
struct Found<'a> {
    person: &'a Concerned,
    how: How,
}

/// How somebody was read.
enum How {
    /// By id; of their groups, what is noted.
    ById(ById),
    /// From a list; their groups by id.
    Listed(RawObject),
}

/// Reads somebody whom a hint is about: by id whose status may have changed; of who joined or left a group, the groups by
/// id, and the object in bulk.
async fn read<'a>(job: &Deprovisioning, person: &'a Concerned, lists: &Lists) -> Result<Found<'a>, Interruption> {
    job.interrupted()?;
    let asks = person.hinted.membership || !job.work().knows_groups;
    let is_told = !asks || ask_for_groups(job, person).await?;
    // Of whom nobody can tell the groups, the line asks again before it takes anybody out of them.
    if !person.is_read_by_id()
        && is_told
        && let Some(object) = lists.object(job, &person.id).await?
    {
        return Ok(Found { person, how: How::Listed(object) });
    }
    Ok(Found { person, how: How::ById(job.line.read_again(ObjectKind::User, &person.id).await?) })
}

/// Reads, stores and notes which mapped groups somebody is in; whether Okta could tell.
async fn ask_for_groups(job: &Deprovisioning, person: &Concerned) -> Result<bool, Interruption> {
    let line = &job.line;
    let groups = &line.groups;
    if groups.listed().next().is_none() {
        return Ok(true);
    }
    let knows_groups = job.work().knows_groups;
    let stored = groups.roster().groups(&person.id).to_vec();
    // That they are not in one of these needs a proof; in the others they never were.
    let in_doubt = |place: u16, group: &MappedGroup| {
        !knows_groups || stored.contains(&place) || person.hinted.groups.contains(&group.id)
    };
    // Before the question: whatever is listed later than that is newer.
    let at = Time::from_millis(line.okta.now().epoch_seconds() * 1_000);
    let Some(places) = groups.places_now(&line.okta, &person.id, in_doubt).await? else {
        line.warn("The groups of somebody whom the log reports could not be read: the next delta-sync looks again.");
        return Ok(false);
    };
    let known = groups.listed().filter(|(place, group)| places.contains(place) || in_doubt(*place, group));
    let known: Vec<(&str, bool)> = known.map(|(place, group)| (group.id.as_str(), places.contains(&place))).collect();
    line.directory.put_memberships(&line.lease, (&person.id, at), &known).await?;
    groups.roster().set(&person.id, places);
    Ok(true)
}

/// People who are read in bulk, a list of them when the first is wanted.
struct Lists(Vec<List>);

struct List {
    ids: Vec<String>,
    /// By id.
    objects: OnceCell<HashMap<String, RawObject>>,
}

impl Lists {
    fn of(people: &[Concerned]) -> Lists {
        let ids = people.iter().filter(|person| !person.is_read_by_id()).map(|person| person.id.clone());
        let ids: Vec<String> = ids.collect();
        let list = |ids: &[String]| List { ids: ids.to_vec(), objects: OnceCell::new() };
        Lists(ids.chunks(PageRequest::MOST_IDS).map(list).collect())
    }

    /// Somebody's object, as far as the list shows them.
    async fn object(&self, job: &Deprovisioning, id: &str) -> Result<Option<RawObject>, Interruption> {
        let Some(List { ids, objects }) = self.0.iter().find(|list| list.ids.iter().any(|other| other == id)) else {
            return Ok(None);
        };
        Ok(objects.get_or_try_init(|| read_list(job, ids)).await?.get(id).cloned())
    }
}

async fn read_list(job: &Deprovisioning, ids: &[String]) -> Result<HashMap<String, RawObject>, Interruption> {
    let mut listed = HashMap::new();
    let mut next = Some(PageRequest::users_by_id(ids, &job.attributes));
    while let Some(asked) = next {
        let page = job.line.okta.page(&asked).await?;
        listed.extend(page.objects.into_iter().map(|object| (identify(&object).id, object)));
        next = page.next;
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::may_change;
    use crate::handlers::deprovisioning::follow::Hinted;
    use crate::model::{Reason, Time};

    #[test]
    fn what_a_record_has_seen_already_is_no_news() {
        let at = |second: i64| Time::from_millis(second * 1_000);
        let groups = BTreeSet::new();
        let hint = |status, deleted, membership| {
            let groups = groups.clone();
            Hinted { first: at(1), last: at(100), status, deleted, membership, groups }
        };
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
