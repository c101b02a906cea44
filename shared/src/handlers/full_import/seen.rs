//! Who was seen in which slice.

use super::import::{Import, Work};
use crate::handlers::work::Seen;
use crate::model::{Identity, RawObject};
use crate::reconcile::OLD_ENOUGH_TO_BE_LISTED;

/// Remembers who was seen: all of the slice until its sweep, its last second beyond it, and whoever is new to the org.
pub(super) fn note_seen(work: &mut Work, number: u32, people: &[Identity]) {
    let recent = work.checkpoint.t0.before(OLD_ENOUGH_TO_BE_LISTED);
    let earlier = work.checkpoint.slice(number).and_then(|slice| slice.last);
    let last = earlier.max(people.iter().filter_map(|person| person.created).max());
    let seen = work.seen.entry(number).or_default();
    if last > earlier {
        seen.at_last.clear();
    }
    for person in people {
        seen.insert(&person.id);
        // Who hides their own second may be of the last one, too.
        if person.created.is_none() || person.created == last {
            seen.at_last.push(person.id.clone());
        }
        if person.created.is_some_and(|created| created >= recent) {
            work.recent.insert(&person.id);
        }
    }
}

/// Those of a page who belong to the slice and were not seen in it yet; and those created before it. Whoever was created
/// after it belongs to another slice, which lists them itself.
pub(super) fn sort_out(
    import: &Import,
    number: u32,
    people: Vec<(Identity, RawObject)>,
) -> (Vec<(Identity, RawObject)>, Vec<RawObject>) {
    let mut work = import.work();
    let work = &mut *work;
    if let Some(slice) = work.checkpoint.slice_mut(number) {
        slice.reaching = people.iter().filter_map(|(person, _)| person.created).max();
    }
    let slice = work.checkpoint.slice(number);
    let seen = seen_beside(work, number);
    let (mut inside, mut strays) = (Vec::with_capacity(people.len()), Vec::new());
    for (person, object) in people {
        if seen.iter().any(|seen| seen.ids.contains(&person.id)) {
            continue;
        }
        match (person.created, slice) {
            (Some(created), Some(slice)) if slice.from.is_some_and(|from| created < from) => strays.push(object),
            (Some(created), Some(slice)) if slice.to.is_some_and(|to| created >= to) => {}
            _ => inside.push((person, object)),
        }
    }
    (inside, strays)
}

/// What was seen in the slice and in the other parts of its second.
fn seen_beside(work: &Work, number: u32) -> Vec<&Seen> {
    let Work { checkpoint, seen, .. } = work;
    let slice = checkpoint.slice(number);
    let parts = checkpoint.slices.iter().filter(|other| slice.is_some_and(|slice| slice.shares_second(other)));
    let others = parts.map(|other| other.number).filter(|other| *other != number);
    std::iter::once(number).chain(others).filter_map(|number| seen.get(&number)).collect()
}
