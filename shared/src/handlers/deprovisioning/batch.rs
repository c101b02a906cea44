//! A batch: a page of the log, and what its events hint at.

use crate::directory::LogPosition;
use crate::handlers::interruption::Interruption;
use crate::model::{Hint, Time};
use crate::okta::{Okta, OktaError, PageRequest};
use crate::reconcile::{LATE_EVENTS, hash};

/// The most events that are remembered: they only save looking twice.
const MOST_REMEMBERED: usize = 1_000;

/// A page of the log.
pub(super) struct Batch {
    /// What its events hint at, the repeated ones left out.
    pub(super) hints: Vec<Hint>,
    /// Where the log goes on.
    pub(super) next: Option<PageRequest>,
    /// Okta's clock when it answered.
    pub(super) date: Time,
    /// What was asked for.
    pub(super) asked: PageRequest,
    /// Whether there was no event on the page.
    pub(super) is_empty: bool,
    /// Whether the log has nothing more for now.
    pub(super) is_last: bool,
    /// Events that could not be read.
    pub(super) unreadable: usize,
}

/// Reads a page of the log. A link that Okta does not know any more gives way to the question, from a time on.
pub(super) async fn read(okta: &Okta, at: &PageRequest, question: &PageRequest) -> Result<Batch, Interruption> {
    let (page, asked) = match okta.page(at).await {
        Err(OktaError::CursorLost(_)) if at != question => (okta.page(question).await?, question.clone()),
        page => (page?, at.clone()),
    };
    let (mut hints, mut unreadable) = (Vec::new(), 0);
    for event in &page.objects {
        match Hint::of(event) {
            Ok(hint) => hints.extend(hint),
            Err(_) => unreadable += 1,
        }
    }
    // At its head the log answers with a link as well, and without events (Okta: System Log query).
    let is_empty = page.objects.is_empty();
    let is_last = is_empty || page.next.is_none();
    // After trouble a smaller page is asked for, and its link goes on with that: not for good.
    let next = page.next.map(|next| next.with_limit_of(question));
    Ok(Batch { hints, next, date: page.date, asked, is_empty, is_last, unreadable })
}

impl Batch {
    /// Where the log is taken up after this page. A credential that was just taken the sight of the events gets a page
    /// without any, and its link leads past them: so one without any is asked for again. `None` for the question from the
    /// beginning, which is put anew.
    pub(super) fn resumption(&self, question: &PageRequest) -> Option<String> {
        let at = if self.is_empty { Some(&self.asked) } else { self.next.as_ref() };
        at.filter(|at| *at != question).map(|at| at.as_str().to_owned())
    }
}

impl LogPosition {
    /// Whether a hint was handled a while ago.
    pub(super) fn knows(&self, hint: &Hint) -> bool {
        self.recent.contains(&event(hint))
    }

    /// Takes a hint as handled; whether it is new.
    pub(super) fn remember(&mut self, hint: &Hint) -> bool {
        let is_new = !self.knows(hint);
        if is_new {
            self.recent.push(event(hint));
        }
        is_new
    }

    /// The same at a later end of the log: nothing waits any more, and of what lies far behind it nothing need be remembered.
    pub(super) fn moved(mut self, next: Option<String>, looked: Time) -> LogPosition {
        let since = looked.before(LATE_EVENTS);
        self.recent.retain(|(_, published)| *published >= since);
        self.recent.sort_unstable_by_key(|(_, published)| std::cmp::Reverse(*published));
        self.recent.truncate(MOST_REMEMBERED);
        LogPosition { next, looked: Some(looked), since: Some(since), waits_since: None, ..self }
    }
}

/// What is remembered of the event that a hint comes from.
fn event(hint: &Hint) -> (u64, Time) {
    (hash(&hint.uuid), hint.published)
}

#[cfg(test)]
mod tests {
    use super::{LogPosition, MOST_REMEMBERED};
    use crate::model::{About, Hint, Time};

    fn hint(uuid: &str, published: Time) -> Hint {
        Hint { uuid: uuid.to_owned(), published, about: About::Status, users: Vec::new(), groups: Vec::new() }
    }

    #[test]
    fn an_event_is_remembered_as_long_as_it_may_come_again() {
        let second = |second: i64| Time::from_millis(second * 1_000);
        let mut position = LogPosition::default();
        assert!(position.remember(&hint("one", second(10_000))));
        assert!(!position.remember(&hint("one", second(10_000))));
        let mut soon = position.clone().moved(Some("next".to_owned()), second(10_060));
        assert!(!soon.remember(&hint("one", second(10_000))));
        assert_eq!((soon.since < soon.looked, soon.next.as_deref()), (true, Some("next")));
        assert!(position.moved(None, second(20_000)).remember(&hint("one", second(10_000))));
    }

    #[test]
    fn what_is_remembered_stays_small_and_is_the_latest() {
        let mut position = LogPosition::default();
        for second in 0..3_000 {
            position.remember(&hint(&second.to_string(), Time::from_millis(second)));
        }
        let mut position = position.moved(None, Time::from_millis(3_000));
        assert_eq!(position.recent.len(), MOST_REMEMBERED);
        assert!(!position.remember(&hint("2999", Time::from_millis(2_999))));
    }
}
