//! A device as it is described to be enrolled.

use serde_json::{Map, Value};

use super::device::{ManagementStatus, ScreenLock};

/// A device to be enrolled with [`crate::Org::enroll_device`].
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The profile to begin with.
    pub profile: Map<String, Value>,
    /// Whether it is managed: it is not, unless changed.
    pub management: ManagementStatus,
    /// How its screen unlocks; unknown unless changed.
    pub screen_lock: Option<ScreenLock>,
}

impl NewDevice {
    /// A device of this platform (`MACOS`, `WINDOWS`, …), with nothing but what every profile has.
    #[must_use]
    pub fn new(platform: &str, name: &str) -> Self {
        let mut profile = Map::new();
        profile.insert("displayName".to_owned(), name.into());
        profile.insert("platform".to_owned(), platform.into());
        profile.insert("registered".to_owned(), true.into());
        Self { profile, management: ManagementStatus::NotManaged, screen_lock: None }
    }

    /// The same device with one more attribute in its profile.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.profile.insert(name.to_owned(), value.into());
        self
    }

    /// The same device, managed.
    #[must_use]
    pub fn managed(self) -> Self {
        Self { management: ManagementStatus::Managed, ..self }
    }

    /// The same device, with a screen that unlocks like this.
    #[must_use]
    pub fn screen_lock(self, lock: ScreenLock) -> Self {
        Self { screen_lock: Some(lock), ..self }
    }
}
