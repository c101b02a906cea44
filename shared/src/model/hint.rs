//! Hints: what an event of Okta's System Log says may have changed.
//!
//! An event says that something happened to somebody, not how things stand now: events come late, twice and out of order
//! (Okta: System Log query, Event types). So nothing of an event ever becomes part of a record, but for one thing: that
//! somebody was *deleted* shows nowhere else.

use serde::{Deserialize, Serialize};

use super::raw::is_object_id;
use super::{RawObject, Time};

/// What one event says may have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The event's own id: it may come more than once.
    pub uuid: String,
    /// When it happened, by Okta's clock.
    pub published: Time,
    /// What may have changed.
    pub about: About,
    /// The users that it concerns.
    pub users: Vec<String>,
    /// The groups that it concerns.
    pub groups: Vec<String>,
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Whether somebody belongs to the org.
    Status,
    /// Somebody was deleted.
    Deletion,
    /// Somebody joined or left a group.
    Membership,
    /// A group is gone.
    GroupGone,
    /// A directory's import has ended: it may have moved many at once, and not written an event for each.
    Import,
}

/// An event that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// An event as far as it matters here; Okta promises little of the rest of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    uuid: String,
    published: Time,
    event_type: String,
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

impl Hint {
    /// What an event hints at; `None` when it is about nothing that matters here, or has not happened.
    ///
    /// # Errors
    /// When it is no event, or one without id, time or type.
    pub fn of(event: &RawObject) -> Result<Option<Hint>, Unreadable> {
        let event: Event = serde_json::from_str(&event.text).map_err(|_| Unreadable)?;
        let result = event.outcome.and_then(|outcome| outcome.result);
        let has_happened = is_success(result.as_deref());
        let Some(about) = about(&event.event_type).filter(|_| has_happened) else { return Ok(None) };
        // Targets go by their type, for their order means nothing.
        let targets = event.target.unwrap_or_default();
        let of_kind = |kind: &str| {
            let of_kind = targets.iter().filter(|target| target.kind.as_deref() == Some(kind));
            of_kind.filter_map(|target| target.id.clone()).filter(|id| is_object_id(id)).collect()
        };
        let (users, groups) = (of_kind("User"), of_kind("UserGroup"));
        Ok(Some(Hint { uuid: event.uuid, published: event.published, about, users, groups }))
    }
}

/// Whether what an event tells has happened, by the result of its outcome.
pub(super) fn is_success(result: Option<&str>) -> bool {
    result.is_none_or(|result| result == "SUCCESS")
}

/// What events of a type are about. Types of the same family that are not known yet count as the others of it do.
fn about(event_type: &str) -> Option<About> {
    Some(match event_type {
        // Nobody left by it. Whoever is new is the delta's business.
        "user.lifecycle.create" => return None,
        "user.lifecycle.delete.initiated" | "user.lifecycle.delete.completed" => About::Deletion,
        "system.import.user.delete"
        | "system.import.user.suspend"
        | "system.import.user.unsuspend"
        | "system.import.user.unsuspend_after_confirm"
        | "system.import.user.update_user_lifecycle_from_master" => About::Status,
        "group.user_membership.add" | "group.user_membership.remove" => About::Membership,
        "group.lifecycle.delete"
        | "system.import.group.delete"
        | "app.user_management.user_group_import.delete_success" => About::GroupGone,
        "system.import.complete"
        | "system.import.group_membership.complete"
        | "system.import.membership_processing.complete"
        | "app.user_management.user_group_import.upsert_success" => About::Import,
        other if other.starts_with("user.lifecycle.") => About::Status,
        _ => return None,
    })
}

/// The events that hint at something, as a filter of the log (Okta: System Log query), the groups' memberships apart.
pub(crate) const EVENTS: &str = "eventType sw \"user.lifecycle.\" \
    or eventType eq \"system.import.user.delete\" \
    or eventType sw \"system.import.user.suspend\" \
    or eventType sw \"system.import.user.unsuspend\" \
    or eventType eq \"system.import.user.update_user_lifecycle_from_master\" \
    or eventType eq \"group.lifecycle.delete\" \
    or eventType eq \"system.import.group.delete\" \
    or eventType eq \"system.import.complete\" \
    or eventType sw \"system.import.group_membership.\" \
    or eventType sw \"system.import.membership_processing.\" \
    or eventType sw \"app.user_management.user_group_import.\"";

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, rest: &str) -> RawObject {
        RawObject::intact(format!(
            r#"{{"uuid":"e1","published":"2026-11-20T10:00:00.353Z","eventType":"{event_type}","version":0{rest}}}"#
        ))
    }

    const TARGETS: &str = r#","target":[{"type":"AppUser","id":"0ua1"},{"type":"UserGroup","id":"00g1"},
        {"type":"User","id":"00u1","detailEntry":null},{"type":"User","id":"../groups"}]"#;

    #[test]
    fn targets_go_by_their_type_and_only_ids_count() {
        let hint = Hint::of(&event("group.user_membership.remove", TARGETS)).unwrap().unwrap();
        assert_eq!((hint.about, hint.uuid.as_str()), (About::Membership, "e1"));
        assert_eq!((hint.users, hint.groups), (vec!["00u1".to_owned()], vec!["00g1".to_owned()]));
        for targets in [r#","target":null,"outcome":null"#, r#","target":[{"type":null,"id":"00u1"},{"type":"User"}]"#]
        {
            assert!(Hint::of(&event("user.lifecycle.suspend", targets)).unwrap().unwrap().users.is_empty());
        }
    }

    #[test]
    fn only_what_has_happened_counts() {
        for (outcome, counts) in [("SUCCESS", true), ("FAILURE", false), ("SKIPPED", false), ("DENY", false)] {
            let outcome = format!(r#","outcome":{{"result":"{outcome}","reason":null}}"#);
            let hint = Hint::of(&event("user.lifecycle.deactivate", &outcome)).unwrap();
            assert_eq!(hint.is_some(), counts, "{outcome}");
        }
        assert!(Hint::of(&event("user.lifecycle.deactivate", r#","outcome":{"result":null}"#)).unwrap().is_some());
    }

    #[test]
    fn types_are_known_by_family() {
        for (event_type, expected) in [
            ("user.lifecycle.deactivate", Some(About::Status)),
            ("user.lifecycle.reactivate", Some(About::Status)),
            ("user.lifecycle.never_heard_of", Some(About::Status)),
            ("user.lifecycle.create", None),
            ("user.lifecycle.delete.initiated", Some(About::Deletion)),
            ("user.lifecycle.delete.completed", Some(About::Deletion)),
            ("system.import.user.update", None),
            ("system.import.user.update_user_lifecycle_from_master", Some(About::Status)),
            ("group.lifecycle.delete", Some(About::GroupGone)),
            ("group.user_membership.rule.trigger", None),
            ("system.import.complete", Some(About::Import)),
            ("user.session.start", None),
        ] {
            let hint = Hint::of(&event(event_type, "")).unwrap();
            assert_eq!(hint.map(|hint| hint.about), expected, "{event_type}");
        }
    }

    #[test]
    fn what_is_no_event_cannot_be_read() {
        for text in ["{}", "[]", r#"{"uuid":"e1","published":"yesterday","eventType":"user.lifecycle.suspend"}"#] {
            assert_eq!(Hint::of(&RawObject::intact(text)), Err(Unreadable), "{text}");
        }
    }
}
