//! Crowded seconds: a bulk import puts thousands of people into one second of `created`, which no time can cut.
//!
//! Read by one cursor such a second is a long chain of pages, each waiting for the one before. Okta's search also knows
//! ids, so the second is cut by them into slices for all readers. An org that refuses such a search keeps the chain.

use super::import::{Import, Work};
use super::sweep::sweep;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Seen;
use crate::model::{IdRange, Time, identify};
use crate::okta::PageRequest;
use crate::reconcile::{SECOND, cut_second};

/// A slice's crowded second and the smallest id that was seen in it.
struct Crowd {
    second: Time,
    smallest: String,
}

/// Cuts the slice when it has proven to be in a crowded second; gives the number under which its first part goes on.
pub(super) async fn cut_if_crowded(import: &Import, number: u32) -> Result<Option<u32>, Interruption> {
    let Some(crowd) = crowd(import, number) else { return Ok(None) };
    let Some(largest) = largest_id(import, &crowd).await? else {
        import.work().checkpoint.cuts_refused = true;
        return Ok(None);
    };
    let parts = IdRange::cut(&crowd.smallest, &largest, import.tuning.readers as u32);
    if parts.len() < 2 {
        return Ok(None);
    }
    // What lies before the second is listed, and must not wait for all of its parts.
    let number = sweep(import, number).await?;
    cut(&mut import.work(), number, crowd.second, parts);
    import.work().advanced.notify_one();
    Ok(Some(number))
}

fn crowd(import: &Import, number: u32) -> Option<Crowd> {
    let work = import.work();
    let slice = work.checkpoint.slice(number)?;
    let is_crowded = slice.crowded == import.tuning.pages_before_split && !slice.listed && slice.ids.is_none();
    let second = slice.last.filter(|_| is_crowded && !work.checkpoint.cuts_refused)?;
    let smallest = work.seen.get(&number)?.at_last.iter().min()?.clone();
    Some(Crowd { second, smallest })
}

/// The largest id in the second; `None` when Okta does not search by id. Asked for in the way that the parts will be.
async fn largest_id(import: &Import, crowd: &Crowd) -> Result<Option<String>, Interruption> {
    let after = crowd.second.after(SECOND);
    let request = PageRequest::largest_id_created(crowd.second, after, &crowd.smallest);
    match import.line.okta.page(&request).await {
        Ok(page) => Ok(page.objects.first().map(|object| identify(object).id)),
        Err(error) if error.is_rejected() => {
            tracing::info!(%error, "Okta does not search by id: a crowded second is read page after page");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn cut(work: &mut Work, number: u32, second: Time, parts: Vec<IdRange>) {
    let Work { checkpoint, seen, .. } = work;
    let next_number = checkpoint.next_number;
    let Some(slice) = checkpoint.slice_mut(number) else { return };
    let new = cut_second(slice, next_number, second, parts);
    checkpoint.next_number += new.len() as u32;
    checkpoint.splits += new.len() as u64;
    seen.extend(new.iter().map(|slice| (slice.number, Seen::default())));
    checkpoint.slices.extend(new);
}
