//! The System Log: which users were deleted, and when.
//!
//! A deleted user is a plain 404 that looks like one hidden from the token; only the log tells them apart
//! (Okta's pages "System Log query" and "Event types").

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use super::OktaError;
use super::client::Okta;
use super::page::Page;
use super::query::PageRequest;
use crate::model::{RawObject, Time};

/// The path of the log.
pub(super) const PATH: &str = "/api/v1/logs";

/// Okta keeps events for 90 days, and refuses to look for much older ones.
const RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

const DELETIONS: &str =
    "eventType eq \"user.lifecycle.delete.initiated\" or eventType eq \"user.lifecycle.delete.completed\"";

/// The users that the log says were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletions {
    /// By id: when the newest of a user's deletion events was published.
    Known(HashMap<String, Time>),
    /// The log may not be read; why.
    NotPermitted(String),
}

impl Okta {
    /// The deletions published from `since` on.
    ///
    /// It polls, for only that gives every event: a request with an `until` may lack those that reached the log late,
    /// and its end would be our idea of Okta's clock, which has whole seconds (Okta: System Log query).
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses for another reason than that the credential may not read the log.
    pub async fn deletions(&self, since: Time) -> Result<Deletions, OktaError> {
        let since = since.max(self.now().before(RETENTION)).to_string();
        let parameters = [("since", &*since), ("filter", DELETIONS), ("sortOrder", "ASCENDING"), ("limit", "1000")];
        let mut request = PageRequest::new(PATH, &parameters);
        let mut found = HashMap::new();
        loop {
            let page = match self.page(&request).await {
                Ok(page) => page,
                Err(error) if error.is_not_permitted() => return Ok(Deletions::NotPermitted(error.to_string())),
                Err(error) => return Err(error),
            };
            note(&page, &mut found);
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

/// An event as far as it matters here; Okta promises little of the rest of it.
#[derive(Deserialize)]
struct Event {
    published: Time,
    #[serde(default)]
    outcome: Option<EventOutcome>,
    #[serde(default)]
    target: Option<Vec<Target>>,
}

#[derive(Deserialize)]
struct EventOutcome {
    #[serde(default)]
    result: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

fn note(page: &Page, found: &mut HashMap<String, Time>) {
    for event in &page.objects {
        let Some((published, ids)) = deleted(event) else {
            tracing::warn!("an event of Okta's log cannot be read and is left out");
            continue;
        };
        for id in ids {
            let newest = found.entry(id).or_insert(published);
            *newest = published.max(*newest);
        }
    }
}

/// The users that an event says were deleted; targets go by their type, for their order means nothing.
fn deleted(event: &RawObject) -> Option<(Time, Vec<String>)> {
    let event: Event = serde_json::from_str(&event.text).ok()?;
    let result = event.outcome.and_then(|outcome| outcome.result);
    let has_happened = result.is_none_or(|result| result == "SUCCESS");
    let targets = event.target.unwrap_or_default().into_iter().filter(|_| has_happened);
    let users = targets.filter(|target| target.kind.as_deref() == Some("User")).filter_map(|target| target.id);
    Some((event.published, users.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Option<Vec<String>> {
        deleted(&RawObject { text: text.into(), damaged: false }).map(|(_, ids)| ids)
    }

    #[test]
    fn reads_users_of_events_that_happened() {
        let event = |rest: &str| format!(r#"{{"published":"2026-11-20T10:00:00.353Z","version":0{rest}}}"#);
        let target = r#","target":[{"type":"AppUser","id":"0ua1"},{"type":"User","id":"00u1","detailEntry":null}]"#;
        assert_eq!(ids(&event(target)), Some(vec!["00u1".to_owned()]));
        for (outcome, expected) in [("SUCCESS", 1), ("FAILURE", 0), ("SKIPPED", 0)] {
            let text = event(&format!(r#"{target},"outcome":{{"result":"{outcome}","reason":null}}"#));
            assert_eq!(ids(&text).unwrap().len(), expected, "{outcome}");
        }
        assert_eq!(ids(&event(&format!(r#"{target},"outcome":{{"result":null}}"#))).unwrap().len(), 1);
        assert_eq!(ids(&event(r#","target":null,"outcome":null"#)), Some(vec![]));
        assert_eq!(ids(&event(r#","target":[{"type":"User","id":null},{"type":null,"id":"00u1"}]"#)), Some(vec![]));
        assert_eq!(ids("{}"), None);
    }
}
