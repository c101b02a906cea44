//! Following the log: page after page to its end, each page's hints looked at before the next is asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::batch::{self, Batch};
use super::checkpoint::{Deprovisioning, Progress};
use super::people::{self, Origin};
use crate::groups::Groups;
use crate::handlers::interruption::Interruption;
use crate::model::{About, Hint, Time};
use crate::okta::PageRequest;
use crate::reconcile::hash;

/// What the log hints at of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hinted {
    /// When the first event was published.
    pub(super) first: Time,
    /// When the last one was.
    pub(super) last: Time,
    /// Whether they may have left or come back.
    pub(super) status: bool,
    /// Whether they were deleted.
    pub(super) deleted: bool,
    /// Whether they joined or left mapped groups.
    pub(super) membership: bool,
    /// The groups that they joined or left.
    pub(super) groups: BTreeSet<String>,
}

/// Reads the log on from where the run stands, the page that the poll has read first.
pub(super) async fn follow(job: &Deprovisioning, first: Option<Batch>) -> Result<(), Interruption> {
    let okta = &job.line.okta;
    let (mut at, question) = {
        let mut work = job.work();
        (work.checkpoint.next, work.checkpoint.question) = (work.next(), work.position.question);
        let next = work.checkpoint.next.as_ref().or(work.position.next.as_ref());
        (next.map_or_else(|| work.question.clone(), |next| PageRequest::stored(next)), work.question.clone())
    };
    if job.work().checkpoint.group_gone {
        look_for_groups(job).await?;
    }
    take_in_hooked(job).await?;
    let mut batch = match first {
        Some(first) => first,
        None => batch::read(okta, &at, &question).await?,
    };
    loop {
        job.interrupted()?;
        if batch.unreadable > 0 {
            job.line.warn(format!("{} events of Okta's log could not be read, and were left out.", batch.unreadable));
        }
        begin_page(job, &batch);
        take_in_page(job, &batch.hints).await?;
        {
            let checkpoint = &mut job.work().checkpoint;
            checkpoint.page = Progress::default();
            checkpoint.next = batch.resumption(&question);
            checkpoint.looked = Some(batch.date);
        }
        at = match batch.next {
            Some(next) if !batch.is_last => next,
            Some(_) | None => break,
        };
        job.save().await?;
        batch = batch::read(okta, &at, &question).await?;
    }
    let now = okta.now();
    job.ledger(|ledger| ledger.closed = Some(now));
    Ok(())
}

/// Looks at what an event hook brought, some hints at a time. They are dropped as they are done with: what a run loses that
/// breaks off for good, the log has.
async fn take_in_hooked(job: &Deprovisioning) -> Result<(), Interruption> {
    let line = &job.line;
    let hooked = std::mem::take(&mut job.work().hooked);
    for some in hooked.chunks(people::READ_AT_ONCE) {
        take_in(job, some, Origin::Hook).await?;
        for hint in some {
            line.directory.remove_hint(&line.lease, hint).await?;
        }
    }
    Ok(())
}

/// What an earlier invocation did of a page counts for that page alone: a lost link leads to another.
fn begin_page(job: &Deprovisioning, batch: &Batch) {
    let page = &mut job.work().checkpoint.page;
    let of = hash(batch.asked.as_str());
    if page.of != of {
        *page = Progress { of, ..Progress::default() };
    }
}

/// Looks at a page's hints, from where an earlier invocation left off.
async fn take_in_page(job: &Deprovisioning, hints: &[Hint]) -> Result<(), Interruption> {
    loop {
        let (from, to) = {
            let page = &mut job.work().checkpoint.page;
            if page.to <= page.from {
                page.to = hints.len();
            }
            (page.from, page.to.min(hints.len()))
        };
        if from >= to {
            return Ok(());
        }
        take_in(job, &hints[from..to], Origin::Page).await?;
        let page = &mut job.work().checkpoint.page;
        (page.from, page.to, page.done_to) = (to, to, None);
    }
}

/// Looks at what hints are about.
async fn take_in(job: &Deprovisioning, hints: &[Hint], origin: Origin) -> Result<(), Interruption> {
    let hints: Vec<&Hint> = {
        let position = &mut job.work().position;
        // Of a deletion the log itself has to tell, so it is looked at again there.
        let is_told = |hint: &&Hint| origin == Origin::Hook && hint.about == About::Deletion || position.remember(hint);
        hints.iter().filter(is_told).collect()
    };
    let groups = &job.line.groups;
    let mapped: HashSet<&str> = groups.listed().map(|(_, group)| group.id.as_str()).collect();
    let is_mapped = |hint: &Hint| hint.groups.iter().any(|group| mapped.contains(group.as_str()));
    if hints.iter().any(|hint| hint.about == About::GroupGone && is_mapped(hint)) {
        job.work().checkpoint.group_gone = true;
        look_for_groups(job).await?;
    }
    if !mapped.is_empty() && hints.iter().any(|hint| hint.about == About::Import) {
        job.work().checkpoint.import_ended = true;
    }
    let mut people = hinted(&hints, is_mapped);
    if origin == Origin::Hook {
        people.values_mut().for_each(|hinted| hinted.status |= std::mem::take(&mut hinted.deleted));
    }
    people::look_at(job, people, origin).await
}

/// What hints say of each person.
fn hinted(hints: &[&Hint], is_mapped: impl Fn(&Hint) -> bool) -> BTreeMap<String, Hinted> {
    let mut people = BTreeMap::new();
    for hint in hints {
        let (status, deleted) = (hint.about == About::Status, hint.about == About::Deletion);
        let membership = hint.about == About::Membership && is_mapped(hint);
        if !status && !deleted && !membership {
            continue;
        }
        for user in hint.users.iter().collect::<BTreeSet<_>>() {
            let (first, last) = (hint.published, hint.published);
            let groups = BTreeSet::new();
            let nothing = Hinted { first, last, status: false, deleted: false, membership: false, groups };
            let hinted = people.entry(user.clone()).or_insert(nothing);
            (hinted.first, hinted.last) = (hinted.first.min(first), hinted.last.max(last));
            hinted.status |= status;
            hinted.deleted |= deleted;
            hinted.membership |= membership;
            hinted.groups.extend(hint.groups.iter().filter(|_| membership).cloned());
        }
    }
    people
}

/// A mapped group may be gone. Who was in it stays as they are, for nobody can say any more who should be; and the
/// operator hears of it.
async fn look_for_groups(job: &Deprovisioning) -> Result<(), Interruption> {
    let line = &job.line;
    let resolved = Groups::resolve(&line.okta, &line.directory, &line.connection).await?;
    if let Some(problem) = resolved.groups.broken().values().next() {
        job.note_trouble(problem.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Hinted, hinted};
    use crate::model::{About, Hint, Time};

    fn hint(second: i64, about: About, user: &str, group: &str) -> Hint {
        let published = Time::from_millis(second * 1_000);
        let (users, groups) = (vec![user.to_owned()], vec![group.to_owned()]);
        Hint { uuid: second.to_string(), published, about, users, groups }
    }

    #[test]
    fn hints_come_together_by_person() {
        let hints = [
            hint(5, About::Status, "00u1", ""),
            hint(3, About::Membership, "00u1", "00g1"),
            hint(4, About::Membership, "00u2", "00gelsewhere"),
            hint(6, About::Deletion, "00u3", ""),
            hint(7, About::Import, "00u4", ""),
        ];
        let found = hinted(&hints.each_ref(), |hint| hint.groups == ["00g1"]);
        let at = |second: i64| Time::from_millis(second * 1_000);
        let groups = BTreeSet::from(["00g1".to_owned()]);
        let both = Hinted { first: at(3), last: at(5), status: true, deleted: false, membership: true, groups };
        let groups = BTreeSet::new();
        let gone = Hinted { first: at(6), last: at(6), status: false, deleted: true, membership: false, groups };
        assert_eq!(found, [("00u1".to_owned(), both), ("00u3".to_owned(), gone)].into());
    }
}
