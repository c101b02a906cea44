//! An event of the system log.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Org;
use super::app::App;
use super::device::Device;
use super::group::Group;
use super::user::User;
use crate::clock::{whole_millisecond, written};
use crate::id::{new_id, new_uuid};

/// One event (Okta: System Log API, LogEvent).
#[derive(Clone, Debug)]
pub struct Event {
    /// The event's own id.
    pub uuid: String,
    /// When it happened, with milliseconds.
    pub published: Timestamp,
    /// For instance `user.lifecycle.deactivate`.
    pub event_type: String,
    /// Who did it.
    pub actor: Party,
    /// What it was done to, to be found by kind and not by position.
    pub targets: Vec<Party>,
    /// The device that it happened on or to, in the log's own spelling.
    pub device: Option<Value>,
    /// Why it failed, if it did: many types are written then, too.
    pub failure: Option<String>,
    pub(crate) transaction: String,
}

/// An actor or a target of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The id of the object.
    pub id: String,
    /// `User`, `UserGroup`, `SystemPrincipal`, …
    pub kind: String,
    /// A login, or whatever else names it.
    pub alternate_id: String,
    /// The name.
    pub display_name: String,
    /// Whatever else the log says of it.
    pub detail: Option<Value>,
}

impl Party {
    /// Okta itself.
    pub(crate) fn system() -> Self {
        Self {
            id: "00uSystemPrincipal01".to_owned(),
            kind: "SystemPrincipal".to_owned(),
            alternate_id: "system@okta.com".to_owned(),
            display_name: "Okta System".to_owned(),
            detail: None,
        }
    }

    pub(crate) fn user(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            kind: "User".to_owned(),
            alternate_id: user.login(),
            display_name: user.full_name(),
            detail: None,
        }
    }

    pub(crate) fn group(group: &Group) -> Self {
        Self {
            id: group.id.clone(),
            kind: "UserGroup".to_owned(),
            alternate_id: "unknown".to_owned(),
            display_name: group.name.clone(),
            detail: None,
        }
    }

    /// A device. What Okta calls the type of such a target is not established; that its id begins
    /// with `guo` is.
    pub(crate) fn device(device: &Device) -> Self {
        Self {
            id: device.id.clone(),
            kind: "Device".to_owned(),
            alternate_id: "unknown".to_owned(),
            display_name: device.name(),
            detail: None,
        }
    }

    pub(crate) fn app(app: &App) -> Self {
        Self {
            id: app.id.clone(),
            kind: "AppInstance".to_owned(),
            alternate_id: app.label.clone(),
            display_name: app.label.clone(),
            detail: None,
        }
    }

    /// Someone's assignment to an application, which has an id of its own in the log.
    pub(crate) fn app_user(app: &App, person: &Self) -> Self {
        Self { id: app.assignment_id(&person.id), kind: "AppUser".to_owned(), ..person.clone() }
    }

    /// What is gone by now: the log keeps its id.
    pub(crate) fn unknown(id: &str, kind: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            alternate_id: "unknown".to_owned(),
            display_name: "unknown".to_owned(),
            detail: None,
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "type": self.kind, "alternateId": self.alternate_id,
            "displayName": self.display_name, "detailEntry": self.detail,
        })
    }
}

impl Event {
    /// The object as `GET /api/v1/logs` shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        let targets: Vec<Value> = self.targets.iter().map(Party::json).collect();
        let result = if self.failure.is_some() { "FAILURE" } else { "SUCCESS" };
        json!({
            "uuid": self.uuid,
            "published": written(self.published),
            "eventType": self.event_type,
            "version": "0",
            "severity": "INFO",
            "displayMessage": self.event_type,
            "actor": self.actor.json(),
            "client": {"userAgent": null, "zone": "null", "device": null, "id": null,
                       "ipAddress": null, "geographicalContext": null},
            "device": self.device,
            "authenticationContext": {"authenticationStep": 0, "externalSessionId": "unknown"},
            "outcome": {"result": result, "reason": self.failure},
            "target": if targets.is_empty() { Value::Null } else { Value::Array(targets) },
            "transaction": {"type": "WEB", "id": self.transaction, "detail": {}},
            "debugContext": {"debugData": {}},
            "request": {"ipChain": []},
            "securityContext": {"asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null},
        })
    }
}

impl Org {
    /// Writes an event about `targets` to the log, done by Okta's system principal.
    pub(super) fn log(&mut self, event_type: &str, targets: Vec<Party>) {
        self.log_by(Party::system(), event_type, targets);
    }

    /// The same, done by somebody.
    pub(super) fn log_by(&mut self, actor: Party, event_type: &str, targets: Vec<Party>) {
        self.log_with_device(actor, event_type, targets, None::<Value>);
    }

    /// The same, on or to a device.
    pub(super) fn log_with_device(
        &mut self,
        actor: Party,
        event_type: &str,
        targets: Vec<Party>,
        device: impl Into<Option<Value>>,
    ) {
        let event = self.event(actor, event_type, targets);
        self.journal.push(Event { device: device.into(), ..event });
    }

    /// An event that happens now, not yet written.
    pub(super) fn event(&mut self, actor: Party, event_type: &str, targets: Vec<Party>) -> Event {
        Event {
            uuid: new_uuid(&mut self.rng),
            published: whole_millisecond(self.clock.now()),
            event_type: event_type.to_owned(),
            actor,
            targets,
            device: None,
            failure: None,
            transaction: new_id(&mut self.rng, "req"),
        }
    }
}
