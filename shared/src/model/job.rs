//! The jobs: what a run can be one of.

use serde::{Deserialize, Serialize};

use super::ObjectKind;

/// The jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Everything, from the beginning.
    FullImport,
    /// What changed since the watermark.
    DeltaSync,
    /// Leavers, by the system log.
    Deprovisioning,
    /// Devices.
    DeviceCollection,
    /// Applications and their use.
    ServiceDiscovery,
}

impl Job {
    /// Its name in commands, events and reports.
    pub fn name(self) -> &'static str {
        match self {
            Job::FullImport => "full-import",
            Job::DeltaSync => "delta-sync",
            Job::Deprovisioning => "deprovisioning",
            Job::DeviceCollection => "device-collection",
            Job::ServiceDiscovery => "service-discovery",
        }
    }

    /// What it reads.
    pub fn objects(self) -> ObjectKind {
        match self {
            Job::FullImport | Job::DeltaSync | Job::Deprovisioning => ObjectKind::User,
            Job::DeviceCollection => ObjectKind::Device,
            Job::ServiceDiscovery => ObjectKind::App,
        }
    }

    /// All jobs, in the order of the documentation.
    pub const ALL: [Job; 5] =
        [Job::FullImport, Job::DeltaSync, Job::Deprovisioning, Job::DeviceCollection, Job::ServiceDiscovery];
}
