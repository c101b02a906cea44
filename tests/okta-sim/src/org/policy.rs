//! Device assurance policies (Okta: Device Assurance).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Org, Party};
use crate::clock::{whole_second, written};
use crate::id::new_id;

/// What a device of one platform must be like. A condition that is absent is not checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The id, `dae…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// The platform, `WINDOWS`, `MACOS`, …
    pub platform: String,
    /// The conditions as the API spells them, such as `osVersion` and `diskEncryptionType`.
    pub conditions: Map<String, Value>,
    /// When created.
    pub created: Timestamp,
    /// When last changed.
    pub last_updated: Timestamp,
}

impl Policy {
    /// The object as `GET /api/v1/device-assurances` shows it: its times are called `createdDate` and
    /// `lastUpdate`.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        let admin = "00uPolicyAdmin000001d7";
        let mut object = self.conditions.clone();
        let frame = json!({
            "id": self.id, "name": self.name, "platform": self.platform,
            "createdDate": written(self.created), "createdBy": admin,
            "lastUpdate": written(self.last_updated), "lastUpdatedBy": admin,
            "_links": {"self": {"href": format!("{base_url}/api/v1/device-assurances/{}", self.id),
                                "hints": {"allow": ["GET", "PUT", "DELETE"]}}},
        });
        object.entry("displayRemediationMode").or_insert_with(|| "HIDE".into());
        if let Value::Object(frame) = frame {
            object.extend(frame);
        }
        Value::Object(object)
    }

    /// A policy as a target in the log. What Okta calls the type of such a target is not established.
    fn party(&self) -> Party {
        Party {
            id: self.id.clone(),
            kind: "DeviceAssurancePolicy".to_owned(),
            alternate_id: "unknown".to_owned(),
            display_name: self.name.clone(),
            detail: None,
        }
    }
}

impl Org {
    /// Every device assurance policy, in order of creation.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Creates a policy for a platform and returns its id. `conditions` is an object in the API's
    /// spelling: `{"osVersion": {"minimum": "15.5"}}`.
    pub fn add_policy(&mut self, name: &str, platform: &str, conditions: Value) -> String {
        let policy = self.new_policy(name, platform, conditions);
        let (id, party) = (policy.id.clone(), policy.party());
        self.policies.push(policy);
        self.log("device.assurance.policy.add", vec![party]);
        id
    }

    /// Replaces the conditions of a policy.
    pub fn change_policy(&mut self, id: &str, conditions: Value) -> bool {
        let now = whole_second(self.now());
        let Some(policy) = self.policies.iter_mut().find(|policy| policy.id == id) else {
            return false;
        };
        policy.conditions = object(conditions);
        policy.last_updated = now;
        let party = policy.party();
        self.log("device.assurance.policy.update", vec![party]);
        true
    }

    /// Deletes a policy.
    pub fn delete_policy(&mut self, id: &str) -> bool {
        let Some(place) = self.policies.iter().position(|policy| policy.id == id) else {
            return false;
        };
        let party = self.policies.remove(place).party();
        self.log("device.assurance.policy.delete", vec![party]);
        true
    }

    /// Adds a policy for each platform and one of every kind of condition that the devices alone
    /// cannot answer. They are a month old, and the log does not know of them.
    pub fn generate_policies(&mut self) {
        let month_ago = whole_second(crate::clock::shifted(self.now(), jiff::SignedDuration::from_hours(-24 * 30)));
        for (name, platform, conditions) in crate::generate::policies() {
            let policy = self.new_policy(name, platform, conditions);
            self.policies.push(Policy { created: month_ago, last_updated: month_ago, ..policy });
        }
    }

    fn new_policy(&mut self, name: &str, platform: &str, conditions: Value) -> Policy {
        let now = whole_second(self.now());
        Policy {
            id: new_id(&mut self.rng, "dae"),
            name: name.to_owned(),
            platform: platform.to_owned(),
            conditions: object(conditions),
            created: now,
            last_updated: now,
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
