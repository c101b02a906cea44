//! The closing delta: who changed since the import began is read once more.
//!
//! Items may come twice or not at all while Okta pages through what changes; and search, which the slices are read by,
//! runs behind. So the import ends with `filter`, which is fresher, from a while before T0.

use std::collections::HashSet;

use futures::TryStreamExt;

use super::import::Import;
use crate::directory::SHARDS;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Pages;
use crate::model::{ObjectKind, RawObject, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::{OLD_ENOUGH_TO_BE_LISTED, Source, hash};
use crate::sync::Met;

/// Reads who changed since T0, less what the search index may lag.
pub(crate) async fn read_changes(import: &Import) -> Result<(), Interruption> {
    let since = import.work().checkpoint.t0.before(OLD_ENOUGH_TO_BE_LISTED);
    let suspects = suspects(import).await?;
    let at = import.work().checkpoint.closing.clone();
    let at = at.map(|at| PageRequest::resume(&at, &import.attributes));
    let mut pages = Pages::new(PageRequest::users_updated_since(since, &[], &import.attributes), at);
    while let Some(page) = pages.next(import).await? {
        take_in(import, page.objects, since, &suspects).await?;
        import.work().checkpoint.closing = page.next.as_ref().map(PageRequest::cursor);
        import.turn_page().await?;
    }
    import.work().checkpoint.ledger.closed = Some(import.line.okta.now());
    Ok(())
}

/// The suspects, as hashes: there may be many when something is wrong.
pub(super) async fn suspects(import: &Import) -> Result<HashSet<u64>, Interruption> {
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

/// Takes a page's people through the line. Whoever is new to the run is counted, the others may move to another bucket.
///
/// Suspects stay on their list: that they were met is kept with the checkpoint, so that a replay counts them as often as
/// the first time.
async fn take_in(
    import: &Import,
    objects: Vec<RawObject>,
    since: Time,
    suspects: &HashSet<u64>,
) -> Result<(), Interruption> {
    let (mut new, mut met, mut noted) = (Vec::new(), Vec::new(), Vec::new());
    for object in objects {
        let person = identify(&object);
        if import.by_group {
            // Nobody else matters than who is in the mapped groups; suspects are asked for one by one.
            if !import.line.groups.roster().groups(&person.id).is_empty() {
                met.push(object);
            }
            continue;
        }
        let is_noted = suspects.contains(&hash(&person.id)) || person.created.is_some_and(|created| created >= since);
        if is_noted && !import.work().recent.ids.contains(&person.id) {
            noted.push(person.id);
            new.push(object);
        } else {
            met.push(object);
        }
    }
    let landings = import.line.page((ObjectKind::User, &new), Source::Listed, Met::First).await?;
    let again = import.meet_again(&met).await?;

    let mut work = import.work();
    work.checkpoint.ledger.count(&landings);
    again.iter().for_each(|landing| work.checkpoint.ledger.count_again(landing));
    work.checkpoint.ledger.people += noted.len() as u64;
    noted.iter().for_each(|id| work.recent.insert(id));
    Ok(())
}
