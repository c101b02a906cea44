//! Reading: slices beside each other, each page through the line while the next is on its way.
//!
//! A slice is read by Okta's cursor, and from the last `created` seen, inclusive, when the cursor is lost. It moves in
//! the checkpoint only after its page's effects. When readers are idle, a slice that has proven large is split.

use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::crowd::cut_if_crowded;
use super::import::Import;
use super::seen::{note_seen, sort_out};
use super::sweep::sweep;
use crate::handlers::interruption::{Interruption, blind};
use crate::handlers::work::Seen;
use crate::model::{Identity, ObjectKind, RawObject, Time, identify};
use crate::okta::{OktaError, PageRequest};
use crate::reconcile::{Source, split};
use crate::sync::Met;

/// A split costs up to one page that two slices share; beyond this many, one is allowed for so many pages read.
const SPLITS_AT_ONCE: u64 = 4;
pub(in crate::handlers) const PAGES_A_SPLIT: u64 = 100;

/// Reads every slice to its end and sweeps it.
pub(crate) async fn read_slices(import: &Arc<Import>) -> Result<(), Interruption> {
    let mut readers: JoinSet<Result<(), Interruption>> = JoinSet::new();
    let mut interruption = None;
    let mut readers_given_up = false;
    let advanced = Arc::clone(&import.work().advanced);
    let mut save_at = Instant::now() + import.tuning.checkpoint_every;
    loop {
        while interruption.is_none() && readers.len() < import.tuning.readers {
            let Some(number) = take_slice(import) else { break };
            readers.spawn(read_slice(Arc::clone(import), number));
        }
        if readers.is_empty() {
            break;
        }
        tokio::select! {
            Some(ended) = readers.join_next() => {
                if let Err(error) = ended.unwrap_or_else(given_up) {
                    import.work().failed = true;
                    interruption = Some(worst(interruption, error));
                }
            }
            () = time_for_pages_is_up(import), if !readers_given_up => {
                readers_given_up = true;
                readers.abort_all();
            }
            () = advanced.notified() => {}
            // After an interruption nothing is saved here any more: its time would be up for ever.
            () = tokio::time::sleep_until(save_at), if interruption.is_none() => {}
        }
        if interruption.is_none() && (import.is_due() || Instant::now() >= save_at) {
            import.save().await?;
            save_at = Instant::now() + import.tuning.checkpoint_every;
        }
    }
    match interruption {
        None => {
            import.interrupted()?;
            after_reading(import)
        }
        Some(interruption) => Err(interruption),
    }
}

/// Waits until an invocation must give up the pages that are still under way; for ever where nothing ends it.
async fn time_for_pages_is_up(import: &Import) {
    match import.stops {
        Some(stops) => tokio::time::sleep_until(stops.pages).await,
        None => std::future::pending().await,
    }
}

/// How a reader ended that gave no result.
fn given_up(error: JoinError) -> Result<(), Interruption> {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Interruption::Deadline),
    }
}

/// Of two interruptions the one that says more than that the time is up.
fn worst(earlier: Option<Interruption>, later: Interruption) -> Interruption {
    match earlier {
        None | Some(Interruption::Deadline) => later,
        Some(earlier) => earlier,
    }
}

fn after_reading(import: &Import) -> Result<(), Interruption> {
    if import.work().checkpoint.ledger.people == 0 {
        return Err(blind("Okta's list of people is empty, and no org has nobody in it."));
    }
    Ok(())
}

/// A slice for an idle reader: one that waits, or the far half of one that has proven large.
fn take_slice(import: &Import) -> Option<u32> {
    let mut work = import.work();
    if import.is_cancelled() || work.failed {
        return None;
    }
    let waiting = work.checkpoint.slices.iter().map(|slice| slice.number).find(|number| !work.taken.contains(number));
    if let Some(number) = waiting {
        work.taken.insert(number);
        return Some(number);
    }
    let checkpoint = &mut work.checkpoint;
    if checkpoint.splits >= SPLITS_AT_ONCE + checkpoint.pages / PAGES_A_SPLIT {
        return None;
    }
    let newest = import.line.okta.now();
    let far = split(&mut checkpoint.slices, checkpoint.next_number, newest, import.tuning.pages_before_split)?;
    let number = far.number;
    checkpoint.slices.push(far);
    checkpoint.next_number += 1;
    checkpoint.splits += 1;
    work.taken.insert(number);
    work.seen.insert(number, Seen::default());
    Some(number)
}

async fn read_slice(import: Arc<Import>, mut number: u32) -> Result<(), Interruption> {
    let mut request = request(&import, number);
    let mut page = None;
    let mut restarted_at = None;
    while let Some(asked) = request.take() {
        import.interrupted()?;
        let read = match page.take() {
            Some(page) => page,
            None => import.line.okta.page(&asked).await,
        };
        let this = match read {
            Ok(this) => this,
            Err(error @ OktaError::CursorLost(_)) => {
                let last = forget_cursor(&import, number);
                if last.is_none() || restarted_at == last {
                    // It was taken up by key here already, and came no further.
                    return Err(error.into());
                }
                restarted_at = last;
                request = self::request(&import, number);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let people: Vec<(Identity, RawObject)> =
            this.objects.into_iter().map(|object| (identify(&object), object)).collect();
        let next = next(&import, number, &people, this.next);
        // The next page is on its way while this one is worked on.
        let read_ahead = async {
            match &next {
                Some(next) => Some(import.line.okta.page(next).await),
                None => None,
            }
        };
        let take_in = async {
            take_in(&import, number, people, next.clone()).await?;
            sweep_if_due(&import, number).await
        };
        let (ahead, taken_in) = tokio::join!(read_ahead, take_in);
        number = taken_in?;
        (page, request) = (ahead, next);
        if let Some(cut) = cut_if_crowded(&import, number).await? {
            number = cut;
            (page, request) = (None, self::request(&import, number));
        }
        if import.work().failed {
            return Ok(());
        }
    }
    sweep(&import, number).await.map(drop)
}

/// Where the slice goes on: at its cursor, else by key. `None` when its list has ended.
fn request(import: &Import, number: u32) -> Option<PageRequest> {
    let work = import.work();
    let slice = work.checkpoint.slice(number)?;
    if slice.listed {
        return None;
    }
    let by_key = || match &slice.ids {
        Some(ids) => PageRequest::users_created_with_ids((slice.from, slice.to), ids, &import.attributes),
        None => PageRequest::users_created(slice.last.or(slice.from), slice.to, &import.attributes),
    };
    Some(slice.cursor.clone().map_or_else(by_key, |cursor| PageRequest::resume(&cursor, &import.attributes)))
}

/// Gives a lost cursor up for the key, and says which: the largest `created` seen. `None` when there was no cursor to lose.
fn forget_cursor(import: &Import, number: u32) -> Option<Time> {
    let mut work = import.work();
    let slice = work.checkpoint.slice_mut(number);
    slice.and_then(|slice| slice.cursor.take().and(slice.last))
}

/// The request after this page; `None` at the end of the list or of the slice, which others may have shortened.
fn next(
    import: &Import,
    number: u32,
    people: &[(Identity, RawObject)],
    next: Option<PageRequest>,
) -> Option<PageRequest> {
    let last = people.iter().filter_map(|(person, _)| person.created).max();
    let work = import.work();
    let slice = work.checkpoint.slice(number)?;
    let past_the_end = last.is_some_and(|last| slice.to.is_some_and(|to| last >= to));
    if past_the_end { None } else { next }
}

/// Takes a page's people through the line, then moves the slice.
async fn take_in(
    import: &Import,
    number: u32,
    people: Vec<(Identity, RawObject)>,
    next: Option<PageRequest>,
) -> Result<(), Interruption> {
    let (inside, strays) = sort_out(import, number, people);
    let (inside, objects): (Vec<Identity>, Vec<RawObject>) = inside.into_iter().unzip();
    let landings = import.line.page((ObjectKind::User, &objects), Source::Listed, Met::First).await?;
    // Someone of an earlier part, listed late: met before as a rule.
    let again = import.meet_again(&strays).await?;
    let mut work = import.work();
    work.checkpoint.ledger.count(&landings);
    again.iter().for_each(|landing| work.checkpoint.ledger.count_again(landing));
    note_seen(&mut work, number, &inside);
    let checkpoint = &mut work.checkpoint;
    checkpoint.pages += 1;
    checkpoint.ledger.people += inside.len() as u64;
    let created = inside.iter().filter_map(|person| person.created);
    if let Some(slice) = checkpoint.slice_mut(number) {
        slice.note_crowd(created.clone().min().zip(created.clone().max()));
        slice.last = slice.last.max(created.max());
        slice.pages += 1;
        slice.unswept_pages += 1;
        slice.listed = next.is_none();
        slice.cursor = next.map(|next| next.cursor());
    }
    work.advanced.notify_one();
    drop(work);
    import.note_page();
    Ok(())
}

/// Sweeps the finished part of a slice when it has grown; gives the slice's number, which a sweep renews.
async fn sweep_if_due(import: &Import, number: u32) -> Result<u32, Interruption> {
    let due = {
        let work = import.work();
        let slice = work.checkpoint.slice(number);
        slice.is_some_and(|slice| {
            !slice.listed && slice.unswept_pages >= import.tuning.pages_before_sweep && slice.last > slice.from
        })
    };
    if due { sweep(import, number).await } else { Ok(number) }
}
