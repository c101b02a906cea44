//! What an org has of Okta: its pipeline, and the features that some orgs lack.

use super::Org;

/// Which engine an org runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pipeline {
    /// Identity Engine, `idx`.
    #[default]
    IdentityEngine,
    /// Classic Engine, `v1`: there are no devices, and no policies for them.
    Classic,
}

/// A feature whose endpoints answer 401 `E0000015` where it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `/api/v1/devices`.
    Devices,
    /// `/api/v1/device-assurances`.
    DeviceAssurance,
}

/// The features of an org: all of them to begin with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features {
    pipeline: Pipeline,
    off: Vec<Feature>,
}

impl Pipeline {
    /// The pipeline as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityEngine => "idx",
            Self::Classic => "v1",
        }
    }
}

impl Org {
    /// The engine that the org runs on.
    #[must_use]
    pub fn pipeline(&self) -> Pipeline {
        self.features.pipeline
    }

    /// Moves the org to another engine.
    pub fn set_pipeline(&mut self, pipeline: Pipeline) {
        self.features.pipeline = pipeline;
    }

    /// Switches a feature off.
    pub fn disable(&mut self, feature: Feature) {
        self.features.off.push(feature);
    }

    /// Switches a feature on, which helps on Identity Engine only.
    pub fn enable(&mut self, feature: Feature) {
        self.features.off.retain(|off| *off != feature);
    }

    /// Whether the endpoints of a feature are there.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.features.pipeline == Pipeline::IdentityEngine && !self.features.off.contains(&feature)
    }
}
