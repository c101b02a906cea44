//! Events of Okta's System Log about devices and applications. They are hints, as those about people are: what Okta says of
//! the object itself decides, but for that it was deleted, which shows nowhere else (Okta: Event types).

use serde::Deserialize;

use super::hint::{Unreadable, is_success};
use super::raw::is_object_id;
use super::{ObjectKind, RawObject, Time};

/// An event about objects that are no people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// When it happened, by Okta's clock.
    pub published: Time,
    /// What it tells of them.
    pub told: Told,
    /// The objects' ids.
    pub ids: Vec<String>,
}

/// What an event tells of an object, the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// That it changed in some way, as its `lastUpdated` says, too.
    Changed,
    /// That somebody got it or gave it back, which need not move its `lastUpdated`.
    ChangedHands,
    /// That it was deleted.
    Deleted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    published: Time,
    event_type: String,
    #[serde(default)]
    outcome: serde_json::Value,
    #[serde(default)]
    target: Option<Vec<Target>>,
    #[serde(default)]
    device: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl ObjectEvent {
    /// What an event says of objects of a kind; `None` when it has not happened.
    ///
    /// # Errors
    /// When it is no event, or one without time or type.
    pub fn of(kind: ObjectKind, event: &RawObject) -> Result<Option<ObjectEvent>, Unreadable> {
        let event: Event = serde_json::from_str(&event.text).map_err(|_| Unreadable)?;
        if !is_success(event.outcome["result"].as_str()) {
            return Ok(None);
        }
        let targets = event.target.unwrap_or_default();
        let is_meant = |target: &Target| match kind {
            ObjectKind::User => target.kind.as_deref() == Some("User"),
            // What Okta calls the type of a device among an event's targets is not documented; its id begins so.
            ObjectKind::Device => target.id.as_deref().is_some_and(|id| id.starts_with("guo")),
            ObjectKind::App => target.kind.as_deref() == Some("AppInstance"),
        };
        let mut meant: Vec<Target> = targets.into_iter().filter(is_meant).collect();
        if meant.is_empty() {
            // Beside a target it is the device that whoever did it sat at.
            meant.extend(event.device.filter(is_meant));
        }
        let mut ids: Vec<String> = meant.into_iter().filter_map(|target| target.id).collect();
        ids.retain(|id| is_object_id(id));
        ids.sort_unstable();
        ids.dedup();
        let told = match &*event.event_type {
            name if DELETIONS.contains(&(kind, name)) => Told::Deleted,
            "device.user.add" | "device.user.remove" => Told::ChangedHands,
            _ => Told::Changed,
        };
        Ok(Some(ObjectEvent { published: event.published, told, ids }))
    }
}

/// The events that report a deletion, by what was deleted.
const DELETIONS: [(ObjectKind, &str); 4] = [
    (ObjectKind::User, "user.lifecycle.delete.initiated"),
    (ObjectKind::User, "user.lifecycle.delete.completed"),
    (ObjectKind::Device, "device.lifecycle.delete"),
    (ObjectKind::App, "application.lifecycle.delete"),
];

/// The events that say what a list of changed devices may not: that somebody got one or gave it back, which need not move its
/// `lastUpdated`; that it is gone; and what the search index may be late with.
const HINTS_AT_DEVICES: [&str; 4] =
    ["device.lifecycle.", "device.user.add", "device.user.remove", "device.enrollment.create"];

/// The events that report a deletion of such objects, as a filter of the log (Okta: System Log query).
pub fn deletions_of(kind: ObjectKind) -> String {
    any_of(DELETIONS.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name))
}

/// The events that hint at devices, as a filter of the log.
pub fn hints_at_devices() -> String {
    HINTS_AT_DEVICES.map(|name| format!("eventType sw \"{name}\"")).join(" or ")
}

fn any_of(names: impl Iterator<Item = &'static str>) -> String {
    names.map(|name| format!("eventType eq \"{name}\"")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: ObjectKind, event: &Value) -> Option<(Told, Vec<String>)> {
        let event = ObjectEvent::of(kind, &RawObject::intact(event.to_string())).unwrap();
        event.map(|event| (event.told, event.ids))
    }

    fn event(name: &str, targets: Value, device: Value) -> Value {
        json!({ "published": "2026-11-20T10:00:00.000Z", "eventType": name, "target": targets, "device": device })
    }

    #[test]
    fn a_device_is_known_by_its_id_wherever_it_stands() {
        let targets = json!([{ "id": "00u1", "type": "User" }, { "id": "guo1", "type": "whatever" }]);
        let added = event("device.user.add", targets, json!(null));
        assert_eq!(read(ObjectKind::Device, &added), Some((Told::ChangedHands, vec!["guo1".to_owned()])));
        let deleted = event("device.lifecycle.delete", json!(null), json!({ "id": "guo1" }));
        assert_eq!(read(ObjectKind::Device, &deleted), Some((Told::Deleted, vec!["guo1".to_owned()])));
    }

    #[test]
    fn the_device_that_somebody_sat_at_is_not_the_one_that_they_deleted() {
        let deleted =
            event("device.lifecycle.delete", json!([{ "id": "guo1", "type": "Device" }]), json!({ "id": "guo2" }));
        assert_eq!(read(ObjectKind::Device, &deleted), Some((Told::Deleted, vec!["guo1".to_owned()])));
    }

    #[test]
    fn what_failed_has_not_happened_and_hostile_ids_are_nobodys() {
        let mut failed = event("device.lifecycle.delete", json!([]), json!({ "id": "guo1" }));
        failed["outcome"] = json!({ "result": "FAILURE" });
        assert_eq!(read(ObjectKind::Device, &failed), None);
        let hostile =
            event("application.lifecycle.delete", json!([{ "id": "../x", "type": "AppInstance" }]), json!(null));
        assert_eq!(read(ObjectKind::App, &hostile), Some((Told::Deleted, Vec::new())));
        assert_eq!(ObjectEvent::of(ObjectKind::App, &RawObject::intact("[]")), Err(Unreadable));
    }

    #[test]
    fn filters_name_the_events() {
        assert_eq!(deletions_of(ObjectKind::App), "eventType eq \"application.lifecycle.delete\"");
        assert!(hints_at_devices().contains("\"device.user.add\" or eventType sw"));
        assert!(DELETIONS.iter().all(|(of, name)| *of != ObjectKind::Device || name.starts_with(HINTS_AT_DEVICES[0])));
    }
}
