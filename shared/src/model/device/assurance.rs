//! Device assurance: what the org's policies ask of a device, held against what Okta's data says of it.
//!
//! Okta has no API that tells a verdict, nor which policy applies to a device: policies are attached to the sign-in rules of
//! apps. So a verdict is ours, for each policy of the device's platform, and says `unknown` wherever Okta's data does not
//! decide: a signal that is absent, a requirement relative to releases that only Okta knows, what other products report, or
//! a condition that nobody here has heard of (Okta's page "Device Assurance Policies").

use serde_json::{Map, Value, json};

use super::custody::Link;
use super::trust::{disk_encryption, signal};
use super::version;
use crate::model::{Object, RawObject};

/// What of a policy is no condition of the device's state. A grace period delays what follows from a verdict.
const NO_CONDITIONS: [&str; 11] = [
    "id",
    "name",
    "platform",
    "createdBy",
    "createdDate",
    "lastUpdate",
    "lastUpdatedBy",
    "displayRemediationMode",
    "gracePeriod",
    "callerContext",
    "_links",
];

/// Windows 11 begins with this build of Windows 10.0 (Microsoft: Windows 11 release information).
const FIRST_BUILD_OF_WINDOWS_11: u64 = 22_000;

/// The org's device assurance policies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies {
    policies: Vec<Map<String, Value>>,
}

/// What is to be said of one condition.
enum Finding {
    Met,
    NotMet(String),
    Unknown(String),
}

use Finding::{Met, NotMet, Unknown};

impl Policies {
    /// Reads the policies; gives besides how many could not be read.
    pub fn read(objects: &[RawObject]) -> (Policies, usize) {
        let read = objects.iter().map(|object| match serde_json::from_str(&object.text) {
            Ok(Value::Object(policy)) if policy.get("id").is_some_and(Value::is_string) => Some(policy),
            _ => None,
        });
        let mut policies: Vec<Map<String, Value>> = read.flatten().collect();
        let unread = objects.len() - policies.len();
        // Okta promises no order, and a record should not change for want of one.
        policies.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
        (Policies { policies }, unread)
    }

    /// A digest of what they ask: another one means that the verdicts of all devices are to be looked at again.
    pub fn digest(&self) -> String {
        use sha2::{Digest, Sha256};
        let asked = self.policies.iter().map(|policy| {
            let conditions = policy.iter().filter(|(name, _)| !NO_CONDITIONS[3..].contains(&name.as_str()));
            conditions.collect::<std::collections::BTreeMap<_, _>>()
        });
        let text = serde_json::to_vec(&asked.collect::<Vec<_>>()).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The verdicts on a device: one for each policy of its platform.
    pub(super) fn verdicts(&self, device: &Object, links: &[Link]) -> Value {
        let platform = device.attribute("platform").and_then(Value::as_str);
        let concerned =
            self.policies.iter().filter(|policy| policy.get("platform").and_then(Value::as_str) == platform);
        concerned.filter(|_| platform.is_some()).map(|policy| verdict(policy, device, links)).collect()
    }
}

fn verdict(policy: &Map<String, Value>, device: &Object, links: &[Link]) -> Value {
    let conditions = policy.iter().filter(|(name, asked)| !NO_CONDITIONS.contains(&name.as_str()) && !asked.is_null());
    let mut word = "met";
    let mut reasons = Vec::new();
    for (name, asked) in conditions {
        match condition((name, asked), device, links) {
            Met => {}
            NotMet(reason) => {
                word = "not_met";
                reasons.push(reason);
            }
            Unknown(reason) => {
                word = if word == "met" { "unknown" } else { word };
                reasons.push(reason);
            }
        }
    }
    json!({ "id": policy["id"], "name": policy.get("name"), "verdict": word, "reasons": reasons })
}

fn condition((name, asked): (&str, &Value), device: &Object, links: &[Link]) -> Finding {
    match name {
        "osVersion" => os_version(asked, device),
        "osVersionConstraints" => os_version_of_windows(asked, device),
        "diskEncryptionType" => match disk_encryption(device) {
            Some(word) if includes(asked, word) => Met,
            Some(word) if ["NONE", "FULL", "USER", "ALL_INTERNAL_VOLUMES", "SYSTEM_VOLUME"].contains(&word) => {
                NotMet(format!("disk encryption is {word}, not {}", included(asked)))
            }
            Some(word) => Unknown(format!("disk encryption is {word}, which is not known")),
            None => Unknown("Okta does not say what of the disk is encrypted".to_owned()),
        },
        "screenLockType" => screen_lock(asked, links),
        "secureHardwarePresent" => match (asked.as_bool(), signal(device, "secureHardwarePresent")) {
            (Some(false), _) | (_, Some(true)) => Met,
            (_, Some(false)) => NotMet("there is no secure hardware".to_owned()),
            (_, None) => Unknown("Okta does not say whether there is secure hardware".to_owned()),
        },
        "jailbreak" => match (asked.as_bool(), signal(device, "integrityJailbreak")) {
            (Some(true), _) | (_, Some(false)) => Met,
            (_, Some(true)) => NotMet("the device is jailbroken or rooted".to_owned()),
            (_, None) => Unknown("Okta does not say whether the device is jailbroken".to_owned()),
        },
        "thirdPartySignalProviders" => Unknown("Okta does not show what other products report of a device".to_owned()),
        "devicePostureChecks" => Unknown("Okta does not show what posture checks found on a device".to_owned()),
        other => Unknown(format!("the policy has a condition that is not known here: {other}")),
    }
}

fn os_version(asked: &Value, device: &Object) -> Finding {
    let Some(minimum) = asked.get("minimum").and_then(Value::as_str) else {
        return Unknown("the policy asks for a version relative to the newest, which only Okta knows".to_owned());
    };
    let Some(version) = device.attribute("osVersion").and_then(Value::as_str) else {
        return Unknown("Okta does not say which version the system has".to_owned());
    };
    match (version::numbers(version), version::numbers(minimum)) {
        (Some(has), Some(least)) if version::compare(&has, &least).is_ge() => Met,
        (Some(_), Some(_)) => NotMet(format!("the system's version is {version}, below {minimum}")),
        _ => Unknown(format!("the system's version {version} cannot be compared with {minimum}")),
    }
}

/// Windows may have a requirement for each of its major versions; of a version that has none nothing is known.
fn os_version_of_windows(asked: &Value, device: &Object) -> Finding {
    let version = device.attribute("osVersion").and_then(Value::as_str).and_then(version::numbers);
    let Some(version) = version else {
        return Unknown("Okta does not say which version the system has".to_owned());
    };
    let is_11 = version.get(2).is_some_and(|build| *build >= FIRST_BUILD_OF_WINDOWS_11);
    let major = if is_11 { "WINDOWS_11" } else { "WINDOWS_10" };
    let constraints = asked.as_array().into_iter().flatten();
    let mut of_major = constraints.filter(|constraint| constraint["majorVersionConstraint"] == major);
    match of_major.next() {
        Some(constraint) => os_version(constraint, device),
        None => Unknown(format!("the policy asks nothing of {major}")),
    }
}

/// Every user of the device has to unlock it as asked. Whether a stricter lock than the one asked for will do, Okta does
/// not say.
fn screen_lock(asked: &Value, links: &[Link]) -> Finding {
    let mut finding = if links.is_empty() {
        Unknown("nobody holds the device, and the lock is known by its user".to_owned())
    } else {
        Met
    };
    for link in links {
        match link.screen_lock.as_deref() {
            Some(word) if includes(asked, word) => {}
            Some("BIOMETRIC") if includes(asked, "PASSCODE") => {
                finding = Unknown("whether BIOMETRIC satisfies PASSCODE, Okta does not say".to_owned());
            }
            Some(word @ ("NONE" | "PASSCODE" | "BIOMETRIC")) => {
                return NotMet(format!("the screen lock is {word}, not {}", included(asked)));
            }
            Some(word) => finding = Unknown(format!("the screen lock is {word}, which is not known")),
            None => finding = Unknown("Okta does not say how the screen is locked".to_owned()),
        }
    }
    finding
}

fn includes(asked: &Value, word: &str) -> bool {
    asked["include"].as_array().into_iter().flatten().any(|included| included == word)
}

fn included(asked: &Value) -> String {
    let words: Vec<&str> = asked["include"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    words.join(" or ")
}
