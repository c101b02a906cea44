//! Who holds a device, and who held it last. Okta forgets a link when it is cut, as it is when a device is deactivated; for
//! getting the device back, who had it is what matters.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Object, Reason, Rejection, RejectionReason, Time};

/// Who holds a device and who held it last: what is kept of it between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custody {
    /// Those who hold it, the latest link first.
    pub holders: Vec<Holder>,
    /// Who held it last and holds it no more.
    pub last: Option<Former>,
}

/// Somebody who holds a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Their Okta id, which is also that of their records.
    pub id: String,
    /// Their login, where Okta says.
    pub login: Option<String>,
    /// Their mail address, where Okta says.
    pub email: Option<String>,
    /// First and last name, where Okta says.
    pub name: Option<String>,
    /// When Okta linked them to the device; `None` where it does not say.
    pub since: Option<Time>,
}

/// Somebody who held a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Who.
    #[serde(flatten)]
    pub holder: Holder,
    /// From when on they are known to hold it no more.
    pub until: Time,
}

/// A user's link to a device, as Okta shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) holder: Holder,
    /// Whether the device is managed, as far as Okta says.
    pub(super) managed: Option<bool>,
    /// How this user unlocks it, in Okta's word.
    pub(super) screen_lock: Option<String>,
}

impl Link {
    /// That of a holder who is known from before, where Okta does not say how things stand.
    pub(super) fn known(holder: &Holder) -> Link {
        Link { holder: holder.clone(), managed: None, screen_lock: None }
    }

    /// The link as expressions see it.
    pub(super) fn value(&self) -> Value {
        let mut value = json!(self.holder);
        value["managed"] = json!(self.managed);
        value["screen_lock"] = json!(self.screen_lock);
        value
    }
}

impl Custody {
    /// What it is when Okta shows these links; whoever is gone from them is so since `cut` at the latest.
    pub(super) fn after(self, links: &[Link], cut: Time) -> Custody {
        let holders: Vec<Holder> = links.iter().map(|link| link.holder.clone()).collect();
        let has_it = |holder: &Holder| holders.iter().any(|now| now.id == holder.id);
        // Of several who gave it back at once the one with the latest link, who comes first.
        let gave_back = self.holders.into_iter().find(|holder| !has_it(holder));
        let last = match gave_back {
            Some(holder) => Some(Former { until: holder.since.map_or(cut, |since| since.max(cut)), holder }),
            // Whoever has it again has not had it last.
            None => self.last.filter(|last| !has_it(&last.holder)),
        };
        Custody { holders, last }
    }

    /// What it is when the device is gone from Okta.
    pub fn given_back(self, cut: Time) -> Custody {
        self.after(&[], cut)
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty() && self.last.is_none()
    }
}

/// A device's links, the latest first; `None` when its object does not say who has it. A deactivated device has nobody, and
/// where a list leaves the users out for that, it is no gap.
pub(super) fn links(device: &Object) -> Result<Option<Vec<Link>>, Rejection> {
    let users = match device.json.get("_embedded").and_then(|embedded| embedded.get("users")) {
        Some(Value::Array(users)) => users,
        None | Some(Value::Null) if device.standing() == Some(Reason::Deactivated) => return Ok(Some(Vec::new())),
        None | Some(Value::Null) => return Ok(None),
        Some(_) => return Err(malformed("`_embedded.users` is not a list")),
    };
    let mut links = users.iter().enumerate().map(link).collect::<Result<Vec<_>, _>>()?;
    links.sort_by(|one, other| {
        other.holder.since.cmp(&one.holder.since).then_with(|| one.holder.id.cmp(&other.holder.id))
    });
    links.dedup_by(|later, earlier| later.holder.id == earlier.holder.id);
    Ok(Some(links))
}

fn link((index, entry): (usize, &Value)) -> Result<Link, Rejection> {
    let user = &entry["user"];
    let Some(id) = text(&user["id"]) else {
        return Err(malformed(format!("`_embedded.users[{index}].user.id` is not a string")));
    };
    let profile = &user["profile"];
    let name = [text(&profile["firstName"]), text(&profile["lastName"])];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let holder = Holder {
        id,
        login: text(&profile["login"]),
        email: text(&profile["email"]),
        name: Some(name).filter(|name| !name.is_empty()),
        since: entry["created"].as_str().and_then(|created| created.parse().ok()),
    };
    let managed = match entry["managementStatus"].as_str() {
        Some("MANAGED") => Some(true),
        Some("NOT_MANAGED") => Some(false),
        _ => None,
    };
    Ok(Link { holder, managed, screen_lock: text(&entry["screenLockType"]) })
}

/// A text that says something.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn malformed(message: impl Into<String>) -> Rejection {
    Rejection::new(RejectionReason::Malformed, message)
}
