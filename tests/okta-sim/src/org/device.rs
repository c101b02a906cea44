//! A device, the people who use it, and the objects that the API shows for them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::profile::Profile;
use super::user::User;
use crate::clock::written;

/// A device of the org. All times are whole seconds.
#[derive(Clone, Debug)]
pub struct Device {
    /// The id, `guo…`, unchanged for life.
    pub id: String,
    /// Where in the lifecycle.
    pub status: DeviceStatus,
    /// When it was enrolled.
    pub created: Timestamp,
    /// The last change of its lifecycle, or of its signals.
    pub last_updated: Timestamp,
    /// The people who use it: nobody, as a rule somebody, at times several.
    pub links: Vec<DeviceLink>,
    pub(crate) profile: Profile,
}

/// That someone uses a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLink {
    /// The id of the user.
    pub user: String,
    /// When the link was made.
    pub created: Timestamp,
    /// Whether the device is managed, as this user's account on it sees it.
    pub management: ManagementStatus,
    /// How the screen unlocks; unknown for some.
    pub screen_lock: Option<ScreenLock>,
}

/// A device's status (Okta: Device lifecycle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceStatus {
    /// Normal.
    Active,
    /// Suspended by an administrator; the links are kept.
    Suspended,
    /// Deactivated; there are no links any more.
    Deactivated,
    /// `CREATED`, `UNSUSPENDED`, or a status that does not exist today.
    Other(&'static str),
}

/// Whether management software is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManagementStatus {
    /// It is.
    Managed,
    /// It is not.
    NotManaged,
}

/// How a screen unlocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScreenLock {
    /// It never locks.
    None,
    /// By a passcode.
    Passcode,
    /// By a fingerprint or a face.
    Biometric,
}

impl DeviceStatus {
    /// The status as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Deactivated => "DEACTIVATED",
            Self::Other(name) => name,
        }
    }
}

impl ManagementStatus {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "MANAGED",
            Self::NotManaged => "NOT_MANAGED",
        }
    }
}

impl ScreenLock {
    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Passcode => "PASSCODE",
            Self::Biometric => "BIOMETRIC",
        }
    }
}

impl Device {
    /// The profile. Only `displayName`, `platform` and `registered` are in every one.
    #[must_use]
    pub fn profile(&self) -> Map<String, Value> {
        self.profile.map()
    }

    /// One attribute of the profile, if set.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Value> {
        self.profile.get(name)
    }

    /// One attribute of the profile, if it is set and a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.profile.get(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The display name.
    #[must_use]
    pub fn name(&self) -> String {
        self.text("displayName").unwrap_or_default()
    }

    /// The object as a list shows it that was not asked to `expand`.
    #[must_use]
    pub fn json(&self, base_url: &str) -> Value {
        let own = format!("{base_url}/api/v1/devices/{}", self.id);
        let mut links = json!({"self": {"href": own, "hints": {"allow": ["GET", "PATCH", "PUT"]}}});
        if self.status != DeviceStatus::Deactivated {
            links["users"] = json!({"href": format!("{own}/users"), "hints": {"allow": ["GET"]}});
        }
        json!({
            "id": self.id,
            "status": self.status.as_str(),
            "created": written(self.created),
            "lastUpdated": written(self.last_updated),
            "profile": self.profile.map(),
            "resourceType": "UDDevice",
            "resourceDisplayName": {"value": self.name(), "sensitive": false},
            "resourceAlternateId": null,
            "resourceId": self.id,
            "_links": links,
        })
    }

    /// The `device` of a system log event, in its own spelling (Okta: System Log, LogDevice).
    pub(crate) fn log_json(&self) -> Value {
        let profile = self.profile.map();
        let of = |name: &str| profile.get(name).cloned().unwrap_or_default();
        let link = self.links.first();
        json!({
            "id": self.id, "name": of("displayName"), "os_platform": of("platform"), "os_version": of("osVersion"),
            "managed": link.is_some_and(|link| link.management == ManagementStatus::Managed),
            "registered": of("registered"), "device_integrator": null,
            "disk_encryption_type": of("diskEncryptionType"),
            "screen_lock_type": link.and_then(|link| link.screen_lock).map(ScreenLock::as_str),
            "jailbreak": of("integrityJailbreak"), "secure_hardware_present": of("secureHardwarePresent"),
        })
    }

    /// What the target of `device.enrollment.create` says of the device (Okta: event types). That
    /// the keys are spelled like this is not established.
    pub(crate) fn detail_entry(&self) -> Value {
        let profile = self.profile.map();
        let of = |name: &str| profile.get(name).cloned().unwrap_or_default();
        json!({
            "okta_device_id": self.id, "device_name": of("displayName"), "device_status": self.status.as_str(),
            "os_platform": of("platform"), "os_version": of("osVersion"), "serial_number": of("serialNumber"),
            "imei": of("imei"), "meid": of("meid"), "udid": of("udid"), "managed": of("managed"),
            "tpm_present": of("secureHardwarePresent"),
        })
    }
}

impl DeviceLink {
    /// The entry for this link, with whatever is to be shown of the user.
    pub(crate) fn json(&self, user: Value) -> Value {
        let mut entry = json!({
            "created": written(self.created), "managementStatus": self.management.as_str(), "user": user,
        });
        if let Some(lock) = self.screen_lock {
            entry["screenLockType"] = lock.as_str().into();
        }
        entry
    }
}

impl User {
    /// What `expand=userSummary` shows of a user.
    pub(crate) fn summary(&self, base_url: &str) -> Value {
        let of = |name: &str| self.attribute(name).unwrap_or_default();
        let mut summary = json!({
            "id": self.id,
            "profile": {"firstName": of("firstName"), "lastName": of("lastName"),
                        "login": of("login"), "email": of("email")},
            "_links": {"self": {"href": format!("{base_url}/api/v1/users/{}", self.id)}},
        });
        if let Some(realm) = &self.realm_id {
            summary["realmId"] = Value::from(&**realm);
        }
        summary
    }
}
