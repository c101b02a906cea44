//! What a device's platform and model say of its operating system and of what sort of device it is.

use serde_json::{Value, json};

use super::fields::said;

/// The platform of a device, by Okta's word for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Platform {
    Windows,
    MacOs,
    Ios,
    Android,
    ChromeOs,
    /// A word never heard of.
    Other(String),
    /// No word at all.
    Unknown,
}

/// What the makers' names for their models say, whatever the platform; the first that occurs decides.
const BY_MODEL: [(&str, DeviceType); 18] = [
    ("virtual", DeviceType::Virtual),
    ("vmware", DeviceType::Virtual),
    ("ipad", DeviceType::Tablet),
    ("tablet", DeviceType::Tablet),
    // Samsung's name and codes for tablets.
    ("galaxy tab", DeviceType::Tablet),
    ("sm-t", DeviceType::Tablet),
    ("sm-x", DeviceType::Tablet),
    ("iphone", DeviceType::Mobile),
    ("macbook", DeviceType::Laptop),
    ("chromebook", DeviceType::Laptop),
    ("laptop", DeviceType::Laptop),
    ("notebook", DeviceType::Laptop),
    ("imac", DeviceType::Desktop),
    ("macmini", DeviceType::Desktop),
    ("macpro", DeviceType::Desktop),
    ("chromebox", DeviceType::Desktop),
    ("desktop", DeviceType::Desktop),
    ("all-in-one", DeviceType::Desktop),
];

/// The sort of a device, by OCSF's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceType {
    Unknown = 0,
    Desktop = 2,
    Laptop = 3,
    Tablet = 4,
    Mobile = 5,
    Virtual = 6,
}

impl Platform {
    /// The platform that Okta's word names.
    pub(super) fn of(word: Option<String>) -> Platform {
        let Some(word) = word else { return Platform::Unknown };
        match word.to_ascii_uppercase().as_str() {
            "WINDOWS" => Platform::Windows,
            "MACOS" => Platform::MacOs,
            "IOS" => Platform::Ios,
            "ANDROID" => Platform::Android,
            "CHROMEOS" => Platform::ChromeOs,
            _ => Platform::Other(word),
        }
    }

    /// Whether Apple makes its devices, and so their UDIDs.
    pub(super) fn is_of_apple(&self) -> bool {
        matches!(self, Platform::MacOs | Platform::Ios)
    }

    /// The operating system, or null when nothing is known of it.
    pub(super) fn system(&self, version: Option<String>) -> Value {
        let (name, type_id) = match self {
            Platform::Windows => ("Windows", 100),
            Platform::Android => ("Android", 201),
            Platform::MacOs => ("macOS", 300),
            Platform::Ios => ("iOS", 301),
            // The schema has no number for it.
            Platform::ChromeOs => ("ChromeOS", 99),
            Platform::Other(word) => (word.as_str(), 99),
            Platform::Unknown if version.is_none() => return Value::Null,
            Platform::Unknown => ("Unknown", 0),
        };
        let (version, patch) = self.version_and_patch(version);
        said(json!({ "name": name, "type_id": type_id, "type": name, "version": version, "sp_name": patch }))
    }

    /// Okta writes Android's as `16:2025-09-01`: the version, and the level of the security patch.
    fn version_and_patch(&self, version: Option<String>) -> (Option<String>, Option<String>) {
        let Some(text) = version else { return (None, None) };
        match text.split_once(':') {
            Some((version, patch)) if *self == Platform::Android && !version.is_empty() && !patch.is_empty() => {
                (Some(version.to_owned()), Some(patch.to_owned()))
            }
            _ => (Some(text), None),
        }
    }

    /// The sort of device: what its model says, else what the platform runs on alone. Windows, macOS and ChromeOS run on
    /// desktops and laptops alike.
    pub(super) fn device_type(&self, model: Option<&str>) -> DeviceType {
        let model = model.unwrap_or_default().to_ascii_lowercase();
        if let Some((_, said)) = BY_MODEL.iter().find(|(word, _)| model.contains(word)) {
            return *said;
        }
        match self {
            Platform::Ios | Platform::Android => DeviceType::Mobile,
            Platform::Windows | Platform::MacOs | Platform::ChromeOs | Platform::Other(_) | Platform::Unknown => {
                DeviceType::Unknown
            }
        }
    }
}

impl DeviceType {
    /// OCSF's number.
    pub(super) fn id(self) -> u8 {
        self as u8
    }

    /// OCSF's caption.
    pub(super) fn caption(self) -> &'static str {
        match self {
            DeviceType::Unknown => "Unknown",
            DeviceType::Desktop => "Desktop",
            DeviceType::Laptop => "Laptop",
            DeviceType::Tablet => "Tablet",
            DeviceType::Mobile => "Mobile",
            DeviceType::Virtual => "Virtual",
        }
    }
}
