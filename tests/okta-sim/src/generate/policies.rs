//! The device assurance policies of a generated org.

use serde_json::{Value, json};

/// Name, platform and conditions of each.
pub(crate) fn policies() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        (
            "Windows baseline",
            "WINDOWS",
            json!({"osVersion": {"minimum": "10.0.19045"}, "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
                   "screenLockType": {"include": ["PASSCODE", "BIOMETRIC"]}, "secureHardwarePresent": true}),
        ),
        (
            "Windows supported releases",
            "WINDOWS",
            json!({"osVersionConstraints": [
                {"majorVersionConstraint": "WINDOWS_11",
                 "dynamicVersionRequirement": {"type": "MINIMUM", "distanceFromLatestMajor": 1, "latestSecurityPatch": true}},
                {"majorVersionConstraint": "WINDOWS_10", "minimum": "10.0.19045.0"},
            ]}),
        ),
        (
            "Mac baseline",
            "MACOS",
            json!({"osVersion": {"minimum": "15.5"}, "diskEncryptionType": {"include": ["ALL_INTERNAL_VOLUMES"]},
                   "screenLockType": {"include": ["BIOMETRIC"]}, "displayRemediationMode": "SHOW"}),
        ),
        (
            "Mac with firewall",
            "MACOS",
            json!({"devicePostureChecks": {"include": [{"variableName": "macOSFirewall", "value": "true"}]},
                   "gracePeriod": {"type": "BY_DURATION", "expiry": "P7D"}}),
        ),
        ("iPhone baseline", "IOS", json!({"osVersion": {"minimum": "17.0"}, "jailbreak": false})),
        (
            "Latest Android",
            "ANDROID",
            json!({"osVersion": {"dynamicVersionRequirement": {
                       "type": "EXACT", "distanceFromLatestMajor": 0, "latestSecurityPatch": true}},
                   "diskEncryptionType": {"include": ["USER", "FULL"]}, "jailbreak": false,
                   "screenLockType": {"include": ["BIOMETRIC"]}, "secureHardwarePresent": true}),
        ),
        (
            "Managed Chromebooks",
            "CHROMEOS",
            json!({"thirdPartySignalProviders": {"dtc": {"diskEncrypted": true, "osFirewall": true,
                                                         "browserVersion": {"minimum": "15393.27.0"}}}}),
        ),
    ]
}
