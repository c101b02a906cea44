//! The System Log: which users were deleted, and when; and what may have changed since it was looked at last.
//!
//! A deleted user is a plain 404 that looks like one hidden from the token; only the log tells them apart
//! (Okta's pages "System Log query" and "Event types").

use std::collections::HashMap;
use std::time::Duration;

use super::OktaError;
use super::client::Okta;
use super::page::Page;
use super::query::{self, PageRequest};
use crate::model::{DAY, EVENTS, ObjectEvent, ObjectKind, Time, Told, deletions_of, hints_at_devices};

/// The path of the log.
pub(super) const PATH: &str = "/api/v1/logs";

/// Okta keeps events for 90 days, and refuses to look for much older ones (Okta: System Log query).
pub const RETENTION: Duration = DAY.saturating_mul(90);

/// So long before its end an event of the log counts as gone: it may be, by the time that Okta answers.
const MARGIN: Duration = Duration::from_secs(60 * 60);

/// The time from which on the log has every event, at a time by Okta's clock.
pub fn log_reaches_back_to(now: Time) -> Time {
    now.before(RETENTION - MARGIN)
}

/// With more mapped groups than this the memberships of all groups are asked for: the address stays well under 8 KB.
const MOST_GROUPS: usize = 40;

impl PageRequest {
    /// The events that hint at a change of devices, from a moment on. It polls, as for people.
    pub fn device_hints(since: Time) -> PageRequest {
        let (since, filter) = (since.to_string(), hints_at_devices());
        let parameters = [("since", &*since), ("filter", &filter), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        PageRequest::new(PATH, &parameters)
    }

    /// The events that hint at a change of somebody, or at one of these groups, from a moment on. It polls: the answer
    /// has a `next` link always, and following it gives every event, in the order in which the log got them.
    pub fn hints<'a>(since: Time, groups: impl Iterator<Item = &'a str>) -> PageRequest {
        let since = since.to_string();
        let filter = events(groups);
        let parameters = [("since", &*since), ("filter", &filter), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        PageRequest::new(PATH, &parameters)
    }
}

/// The filter of the events that hint at something.
fn events<'a>(groups: impl Iterator<Item = &'a str>) -> String {
    let groups: Vec<String> = groups.map(|group| format!("target.id eq {}", query::quoted(group))).collect();
    let memberships = "eventType eq \"group.user_membership.add\" or eventType eq \"group.user_membership.remove\"";
    match groups.len() {
        0 => EVENTS.to_owned(),
        1..=MOST_GROUPS => format!("{EVENTS} or (({memberships}) and ({}))", groups.join(" or ")),
        _ => format!("{EVENTS} or {memberships}"),
    }
}

/// The objects that the log says were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletions {
    /// By id: when the newest of an object's deletion events was published.
    Known(HashMap<String, Time>),
    /// The log may not be read; why.
    NotPermitted(String),
}

impl Okta {
    /// The deletions of objects of a kind published from `since` on.
    ///
    /// It polls, for only that gives every event: a request with an `until` may lack those that reached the log late,
    /// and its end would be our idea of Okta's clock, which has whole seconds (Okta: System Log query).
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses for another reason than that the credential may not read the log.
    pub async fn deletions(&self, kind: ObjectKind, since: Time) -> Result<Deletions, OktaError> {
        let since = since.max(self.now().before(RETENTION)).to_string();
        let filter = deletions_of(kind);
        let parameters = [("since", &*since), ("filter", &*filter), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        let mut request = PageRequest::new(PATH, &parameters);
        let mut found = HashMap::new();
        loop {
            let page = match self.page(&request).await {
                Ok(page) => page,
                Err(error) if error.is_not_permitted() => return Ok(Deletions::NotPermitted(error.to_string())),
                Err(error) => return Err(error),
            };
            note(kind, &page, &mut found);
            match page.next {
                // A page may be empty and still have a next; at the head of the log it is the same one again.
                Some(next) if next != request => request = next,
                _ => return Ok(Deletions::Known(found)),
            }
        }
    }

    /// Whether the log may be read: one cheap call.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses, for want of a permission above all.
    pub async fn log_readable(&self) -> Result<(), OktaError> {
        self.page(&PageRequest::new(PATH, &[("limit", "1")])).await.map(drop)
    }
}

fn note(kind: ObjectKind, page: &Page, found: &mut HashMap<String, Time>) {
    for event in &page.objects {
        let Ok(event) = ObjectEvent::of(kind, event) else {
            tracing::warn!("an event of Okta's log cannot be read and is left out");
            continue;
        };
        for ObjectEvent { published, ids, .. } in event.into_iter().filter(|event| event.told == Told::Deleted) {
            for id in ids {
                let newest = found.entry(id).or_insert(published);
                *newest = published.max(*newest);
            }
        }
    }
}
