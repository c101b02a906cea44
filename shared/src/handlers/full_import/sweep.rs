//! The sweep: known records that the finished part of a slice should have shown and did not.
//!
//! Such a record is a suspect, not a leaver. Suspects are asked for in bulk, and whoever comes back goes the ordinary
//! way; who does not is kept for [`super::absences`]. A sweep decides on nobody.

use std::collections::{BTreeMap, HashSet};

use futures::TryStreamExt;

use super::import::{Import, Work};
use super::look_around;
use crate::directory::Suspect;
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::Tally;
use crate::model::{ObjectKind, Reason, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::{OLD_ENOUGH_TO_BE_LISTED, Slice, Source, is_too_many};
use crate::sync::Met;

/// With so many suspects in one part of a slice, it is time to see whether the role is still there.
const LOOK_AROUND_AT: usize = 50;

/// A part of a slice that was listed to its end: proof that whoever is known in it and was not seen is a suspect.
struct Listed {
    /// The slice; of a second's parts the first, under which all of them are swept.
    number: u32,
    /// The other parts of its second.
    others: Vec<u32>,
    from: Option<Time>,
    to: Option<Time>,
    seen: HashSet<String>,
    whole: bool,
}

/// Suspects by id: when they were created, and the mappings that know them.
type Suspects = BTreeMap<String, (Time, Vec<usize>)>;

/// Sweeps what is listed of a slice: all of it, or the part before the last `created` seen; the parts of one second
/// together, by whoever lists the last of them. Gives the number under which
/// the rest goes on. What a sweep has asked for stays done when it is interrupted.
pub(crate) async fn sweep(import: &Import, number: u32) -> Result<u32, Interruption> {
    let Some(listed) = listed(import, number) else { return Ok(number) };
    let (tallies, suspects) = find_suspects(import, &listed).await?;
    let number = listed.number;
    let asked_to = import.work().checkpoint.slice(number).and_then(|slice| slice.asked_to.clone());
    let left: Vec<&String> =
        suspects.keys().filter(|id| asked_to.as_ref().is_none_or(|asked_to| *id > asked_to)).collect();
    for ids in left.chunks(PageRequest::MOST_IDS) {
        import.interrupted()?;
        ask_for(import, number, ids, &suspects).await?;
    }
    let unlisted = import.work().checkpoint.slice(number).map_or(0, |slice| slice.unlisted);
    let known = tallies.iter().map(|tally| tally.known).max().unwrap_or(0);
    if is_too_many(unlisted, known) {
        return Err(blind(format!(
            "Okta's search left out {unlisted} of {known} people who are there when asked for by id."
        )));
    }
    Ok(finish(&mut import.work(), &listed, &tallies))
}

fn listed(import: &Import, number: u32) -> Option<Listed> {
    let mut work = import.work();
    let Work { checkpoint, seen, .. } = &mut *work;
    let slice = checkpoint.slice(number)?.clone();
    let mut parts: Vec<&mut Slice> =
        checkpoint.slices.iter_mut().filter(|other| other.number == number || other.shares_second(&slice)).collect();
    if slice.ids.is_some() && parts.iter().any(|part| !part.listed || part.sweeping) {
        return None;
    }
    parts.iter_mut().for_each(|part| part.sweeping = true);
    let mut numbers = parts.iter().map(|part| part.number);
    let number = numbers.next()?;
    let others: Vec<u32> = numbers.collect();
    // Taken, not copied: there may be a bulk import's worth. Nobody else adds to it while its reader sweeps, and a
    // further invocation reads it from its items.
    let mut ids = HashSet::new();
    for number in std::iter::once(&number).chain(&others) {
        let part = seen.get_mut(number).map(|seen| std::mem::take(&mut seen.ids)).unwrap_or_default();
        if ids.is_empty() { ids = part } else { ids.extend(part) }
    }
    let to = if slice.listed { slice.to } else { slice.last };
    Some(Listed { number, others, from: slice.from, to, seen: ids, whole: slice.listed })
}

/// Reads the known records of the part, by mapping: how many there are, and who of them was not seen.
async fn find_suspects(import: &Import, listed: &Listed) -> Result<(Vec<Tally>, Suspects), Interruption> {
    let line = &import.line;
    let mut tallies = vec![Tally::default(); line.connection.mappings.len()];
    let mut suspects = Suspects::new();
    for (index, mapping) in line.connection.mappings_of_people() {
        let known = line.directory.known(&line.connection.name, &mapping.name, listed.from, listed.to);
        let mut known = std::pin::pin!(known);
        while let Some(known) = known.try_next().await? {
            if known.current.standing.is_some_and(Reason::is_gone) {
                continue;
            }
            tallies[index].known += 1;
            tallies[index].active += u64::from(known.current.standing.is_none());
            if !listed.seen.contains(&known.id) {
                suspects.entry(known.id).or_insert((known.source_created, Vec::new())).1.push(index);
                if suspects.len() == LOOK_AROUND_AT {
                    // Before a lost role costs memory for all of the org, and a request for every hundred people of it.
                    look_around(import).await?;
                }
            }
        }
    }
    Ok((tallies, suspects))
}

/// Asks Okta for some suspects at once. Whoever comes back is alive and goes the ordinary way; the others are kept for
/// [`super::absences`].
async fn ask_for(import: &Import, number: u32, ids: &[&String], suspects: &Suspects) -> Result<(), Interruption> {
    let (mut landings, mut alive) = (Vec::new(), Vec::new());
    let owned: Vec<String> = ids.iter().copied().cloned().collect();
    let mut request = Some(PageRequest::users_by_id(&owned, &import.attributes));
    while let Some(asked) = request.take() {
        let page = import.line.okta.page(&asked).await?;
        alive.extend(page.objects.iter().map(identify));
        landings.extend(import.line.page((ObjectKind::User, &page.objects), Source::Listed, Met::First).await?);
        request = page.next;
    }
    let found: HashSet<&str> = alive.iter().map(|person| person.id.as_str()).collect();
    let absent = absent(import, ids.iter().filter(|id| !found.contains(id.as_str())), suspects);
    import.line.directory.add_suspects(import.line.lease.run(), &absent).await?;

    let old = import.line.okta.now().before(OLD_ENOUGH_TO_BE_LISTED);
    let mut work = import.work();
    let recent = work.checkpoint.t0.before(OLD_ENOUGH_TO_BE_LISTED);
    for person in alive.iter().filter(|person| person.created.is_some_and(|created| created >= recent)) {
        work.recent.insert(&person.id);
    }
    work.checkpoint.ledger.count(&landings);
    work.checkpoint.suspects |= !absent.is_empty();
    work.checkpoint.ledger.people += alive.len() as u64;
    if let Some(slice) = work.checkpoint.slice_mut(number) {
        slice.asked_to = ids.last().copied().cloned();
        slice.unlisted +=
            alive.iter().filter(|person| person.created.is_some_and(|created| created < old)).count() as u64;
    }
    Ok(())
}

fn absent<'a>(import: &Import, ids: impl Iterator<Item = &'a &'a String>, suspects: &Suspects) -> Vec<Suspect> {
    let known = ids.filter_map(|id| suspects.get(*id).map(|(created, mappings)| (id, created, mappings)));
    let by_mapping = known.flat_map(|(id, created, mappings)| {
        mappings.iter().map(|index| Suspect {
            id: (*id).clone(),
            source_created: *created,
            mapping: import.line.connection.mappings[*index].name.clone(),
        })
    });
    by_mapping.collect()
}

/// Counts what the sweep found and lets go of what was seen; the rest of the slice goes on under a new number, because
/// the items of its seen ids begin anew.
fn finish(work: &mut Work, listed: &Listed, tallies: &[Tally]) -> u32 {
    let Work { checkpoint, seen, taken, .. } = work;
    for (tally, found) in checkpoint.ledger.tallies.iter_mut().zip(tallies) {
        tally.known += found.known;
        tally.active += found.active;
    }
    let kept = seen.remove(&listed.number).unwrap_or_default();
    taken.remove(&listed.number);
    if listed.whole {
        for number in &listed.others {
            seen.remove(number);
            taken.remove(number);
        }
        checkpoint.slices.retain(|slice| slice.number != listed.number && !listed.others.contains(&slice.number));
        return listed.number;
    }
    let number = checkpoint.next_number;
    checkpoint.next_number += 1;
    seen.insert(number, kept.into_next_part());
    taken.insert(number);
    if let Some(slice) = checkpoint.slice_mut(listed.number) {
        (slice.number, slice.from) = (number, listed.to);
        (slice.unswept_pages, slice.seen_chunks) = (0, 0);
        (slice.asked_to, slice.unlisted, slice.sweeping) = (None, 0, false);
    }
    number
}
