//! The closing delta: who changed since the import began is read once more.
//!
//! Items may come twice or not at all while Okta pages through what changes; and search, which the slices are read by,
//! runs behind. So the import ends with `filter`, which is fresher, from a while before T0.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::TryStreamExt;

use super::import::Import;
use crate::directory::{SHARDS, Suspect};
use crate::handlers::interruption::Interruption;
use crate::model::{Identity, RawObject, Time, identify};
use crate::okta::{OktaError, PageRequest};
use crate::reconcile::{OLD_ENOUGH_TO_BE_LISTED, Source};

/// Reads who changed since T0, less what the search index may lag.
pub(crate) async fn read_changes(import: &Import) -> Result<(), Interruption> {
    let since = import.work().checkpoint.t0.before(OLD_ENOUGH_TO_BE_LISTED);
    let suspects = suspects(import).await?;
    let from_the_start = || PageRequest::users_updated_since(since, &import.attributes);
    let cursor = import.work().checkpoint.closing.clone();
    let mut resumed = cursor.is_some();
    let mut request = Some(cursor.map_or_else(from_the_start, |at| PageRequest::resume(&at, &import.attributes)));
    while let Some(asked) = request.take() {
        import.interrupted()?;
        let page = match import.line.okta.page(&asked).await {
            Err(OktaError::CursorLost(_)) if resumed => {
                resumed = false;
                request = Some(from_the_start());
                continue;
            }
            page => page?,
        };
        take_in(import, &page.objects, since, &suspects).await?;
        let more = {
            let mut work = import.work();
            work.checkpoint.closing = page.next.as_ref().map(PageRequest::cursor);
            work.pages_since_save += 1;
            work.pages_since_save >= import.tuning.pages_per_checkpoint
        };
        if more {
            import.save().await?;
        }
        request = page.next;
    }
    Ok(())
}

/// The suspects, as hashes: there may be many when something is wrong.
async fn suspects(import: &Import) -> Result<HashSet<u64>, Interruption> {
    let mut suspects = HashSet::new();
    if import.work().checkpoint.suspects {
        for shard in 0..SHARDS {
            let found = import.line.directory.suspects(import.line.lease.run(), shard);
            let mut found = std::pin::pin!(found);
            while let Some(suspect) = found.try_next().await? {
                suspects.insert(hash(&suspect.id));
            }
        }
    }
    Ok(suspects)
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

async fn take_in(
    import: &Import,
    objects: &[RawObject],
    since: Time,
    suspects: &HashSet<u64>,
) -> Result<(), Interruption> {
    let people: Vec<Identity> = objects.iter().map(identify).collect();
    let withdrawn = withdraw_deactivations(import, &people).await?;
    let landings = import.line.page(objects, Source::Listed).await?;
    withdraw_suspects(import, &people, suspects).await?;

    let mut work = import.work();
    let new: HashSet<&str> = people
        .iter()
        .filter(|person| {
            let recent = person.created.is_some_and(|created| created >= since);
            suspects.contains(&hash(&person.id)) || (recent && !work.recent.ids.contains(&person.id))
        })
        .map(|person| person.id.as_str())
        .collect();
    for landing in &landings {
        let uncounted = new.contains(landing.id.as_str()) || withdrawn.contains(&(landing.mapping, landing.id.clone()));
        if uncounted {
            work.checkpoint.count(std::slice::from_ref(landing));
        } else {
            work.checkpoint.count_again(landing);
        }
    }
    work.checkpoint.people += new.len() as u64;
    let recent = people.iter().filter(|person| person.created.is_some_and(|created| created >= since));
    recent.for_each(|person| work.recent.insert(&person.id));
    Ok(())
}

/// Whoever changed is alive, and no suspect any more.
async fn withdraw_suspects(import: &Import, people: &[Identity], suspects: &HashSet<u64>) -> Result<(), Interruption> {
    let back = people.iter().filter(|person| suspects.contains(&hash(&person.id)));
    let back = back.filter_map(|person| Some((&person.id, person.created?)));
    let back: Vec<Suspect> = back
        .flat_map(|(id, source_created)| {
            let mappings = import.line.connection.mappings.iter();
            mappings.map(move |mapping| Suspect { id: id.clone(), source_created, mapping: mapping.name.clone() })
        })
        .collect();
    Ok(import.line.directory.remove_suspects(import.line.lease.run(), &back).await?)
}

/// Takes back the deactivations that were collected for these people: what Okta says of them now decides. Gives who was
/// among the collected, by mapping; they were not counted yet.
async fn withdraw_deactivations(
    import: &Import,
    people: &[Identity],
) -> Result<HashSet<(usize, String)>, Interruption> {
    let line = &import.line;
    let mut withdrawn = HashSet::new();
    if import.work().checkpoint.deactivations {
        for (index, mapping) in line.connection.mappings.iter().enumerate() {
            for person in people {
                if line.directory.remove_deactivation(&line.lease, &mapping.name, &person.id).await? {
                    withdrawn.insert((index, person.id.clone()));
                }
            }
        }
    }
    Ok(withdrawn)
}
