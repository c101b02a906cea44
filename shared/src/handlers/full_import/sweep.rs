//! The sweep: known records that the finished part of a slice should have shown and did not.
//!
//! Such a record is a suspect, not a leaver. Suspects are asked for in bulk, and whoever comes back goes the ordinary
//! way; who does not is kept for [`super::absences`]. A sweep decides on nobody.

use std::collections::{BTreeMap, HashSet};

use futures::TryStreamExt;

use super::checkpoint::Tally;
use super::import::{Import, Work};
use super::look_around;
use crate::directory::Suspect;
use crate::handlers::interruption::{Interruption, blind};
use crate::model::{Reason, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::{OLD_ENOUGH_TO_BE_LISTED, Slice, Source, is_too_many};
use crate::sync::{Landing, Met};

/// How many suspects one request asks for: the URL stays well below what Okta accepts.
const SUSPECTS_A_REQUEST: usize = 100;

/// A part of a slice that was listed to its end: proof that whoever is known in it and was not seen is a suspect.
struct Listed {
    number: u32,
    from: Option<Time>,
    to: Option<Time>,
    seen: HashSet<String>,
    whole: bool,
}

/// Suspects by id: when they were created, and the mappings that know them.
type Suspects = BTreeMap<String, (Time, Vec<usize>)>;

/// Sweeps what is listed of a slice: all of it, or the part before the last `created` seen. Gives the number under which
/// the rest goes on.
pub(crate) async fn sweep(import: &Import, number: u32) -> Result<u32, Interruption> {
    let Some(listed) = listed(import, number) else { return Ok(number) };
    let (mut tallies, suspects) = find_suspects(import, &listed).await?;
    if tallies.iter().any(|tally| is_too_many(suspects.len() as u64, tally.known)) {
        // Before a lost role costs a request for every hundred people of the org.
        look_around(import).await?;
    }
    let (landings, alive) = ask_for(import, &suspects).await?;
    let absent: Vec<Suspect> = absent(import, &suspects, &alive);
    import.line.directory.add_suspects(import.line.lease.run(), &absent).await?;

    let old = import.line.okta.now().before(OLD_ENOUGH_TO_BE_LISTED);
    for (index, tally) in tallies.iter_mut().enumerate() {
        let unlisted = |(id, (created, mappings)): &(&String, &(Time, Vec<usize>))| {
            alive.contains(*id) && *created < old && mappings.contains(&index)
        };
        let unlisted = suspects.iter().filter(unlisted).count() as u64;
        if is_too_many(unlisted, tally.known) {
            return Err(blind(format!(
                "Okta's search left out {unlisted} of {} people who are there when asked for by id.",
                tally.known
            )));
        }
    }
    let mut work = import.work();
    work.checkpoint.suspects |= !absent.is_empty();
    work.checkpoint.people += alive.len() as u64;
    Ok(finish(&mut work, &listed, &tallies, &landings))
}

fn listed(import: &Import, number: u32) -> Option<Listed> {
    let mut work = import.work();
    let Work { checkpoint, seen, .. } = &mut *work;
    let slice = checkpoint.slices.iter().find(|slice| slice.number == number)?;
    // Taken, not copied: there may be a bulk import's worth. Nobody else adds to it while its reader sweeps, and a
    // further invocation reads it from its items.
    let seen = seen.get_mut(&number).map(|seen| std::mem::take(&mut seen.ids)).unwrap_or_default();
    let to = if slice.listed { slice.to } else { slice.last };
    Some(Listed { number, from: slice.from, to, seen, whole: slice.listed })
}

/// Reads the known records of the part, by mapping: how many there are, and who of them was not seen.
async fn find_suspects(import: &Import, listed: &Listed) -> Result<(Vec<Tally>, Suspects), Interruption> {
    let line = &import.line;
    let mut tallies = vec![Tally::default(); line.connection.mappings.len()];
    let mut suspects = Suspects::new();
    for (index, mapping) in line.connection.mappings.iter().enumerate() {
        let known = line.directory.known(&line.connection.name, &mapping.name, listed.from, listed.to);
        let mut known = std::pin::pin!(known);
        while let Some(known) = known.try_next().await? {
            if matches!(known.current.standing, Some(Reason::Deleted | Reason::Missing)) {
                continue;
            }
            tallies[index].known += 1;
            tallies[index].active += u64::from(known.current.standing.is_none());
            if !listed.seen.contains(&known.id) {
                suspects.entry(known.id).or_insert((known.source_created, Vec::new())).1.push(index);
            }
        }
    }
    Ok((tallies, suspects))
}

/// Asks Okta for the suspects in bulk; whoever comes back is alive and goes the ordinary way.
async fn ask_for(import: &Import, suspects: &Suspects) -> Result<(Vec<Landing>, HashSet<String>), Interruption> {
    let (mut landings, mut alive) = (Vec::new(), HashSet::new());
    let ids: Vec<String> = suspects.keys().cloned().collect();
    for ids in ids.chunks(SUSPECTS_A_REQUEST) {
        import.interrupted()?;
        let mut request = Some(PageRequest::users_by_id(ids, &import.attributes));
        while let Some(asked) = request.take() {
            let page = import.line.okta.page(&asked).await?;
            alive.extend(page.objects.iter().map(|object| identify(object).id));
            landings.extend(import.line.page(&page.objects, Source::Listed, Met::First).await?);
            request = page.next;
        }
    }
    Ok((landings, alive))
}

fn absent(import: &Import, suspects: &Suspects, alive: &HashSet<String>) -> Vec<Suspect> {
    let absent = suspects.iter().filter(|(id, _)| !alive.contains(*id));
    let by_mapping = absent.flat_map(|(id, (created, mappings))| {
        mappings.iter().map(|index| Suspect {
            id: id.clone(),
            source_created: *created,
            mapping: import.line.connection.mappings[*index].name.clone(),
        })
    });
    by_mapping.collect()
}

/// Counts what the sweep found and lets go of what was seen; the rest of the slice goes on under a new number, because
/// the items of its seen ids begin anew.
fn finish(work: &mut Work, listed: &Listed, tallies: &[Tally], landings: &[Landing]) -> u32 {
    let Work { checkpoint, seen, taken, .. } = work;
    checkpoint.count(landings);
    for (tally, found) in checkpoint.tallies.iter_mut().zip(tallies) {
        tally.known += found.known;
        tally.active += found.active;
    }
    let kept = seen.remove(&listed.number).unwrap_or_default();
    taken.remove(&listed.number);
    if listed.whole {
        checkpoint.slices.retain(|slice| slice.number != listed.number);
        return listed.number;
    }
    let number = checkpoint.next_number;
    checkpoint.next_number += 1;
    seen.insert(number, kept.into_next_part());
    taken.insert(number);
    if let Some(slice) = checkpoint.slices.iter_mut().find(|slice| slice.number == listed.number) {
        let rest = Slice { number, from: listed.to, unswept_pages: 0, seen_chunks: 0, ..slice.clone() };
        *slice = rest;
    }
    number
}
