//! What the token's owner may see.

use std::collections::HashSet;

/// The admin role behind the token, evaluated on every call as Okta does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Sees everything.
    #[default]
    ReadOnlyAdmin,
    /// No role at all: every list and the log answer 200 with `[]`, every read by id 404.
    None,
    /// Sees the objects with these ids (people, groups, devices, policies, apps) and nothing else: lists come back
    /// short without a hint, reads of the rest answer 404, the log shows what concerns them. The
    /// group Everyone is out of sight even when named.
    Only(HashSet<String>),
    /// As a read-only admin, but the system log answers 403 `E0000006`.
    NoLog,
    /// As a read-only admin, but groups answer 403 `E0000006`.
    NoGroups,
    /// As a read-only admin, but schemas and types of user answer 403 `E0000006`.
    NoSchemas,
    /// As a read-only admin, but devices answer 403 `E0000006`.
    NoDevices,
    /// As a read-only admin, but device assurance policies answer 403 `E0000006`.
    NoDeviceAssurances,
    /// As a read-only admin, but applications answer 403 `E0000006`.
    NoApps,
}

impl Role {
    /// Whether an object with this id is in sight.
    pub(crate) fn sees(&self, id: &str) -> bool {
        match self {
            Self::None => false,
            Self::Only(ids) => ids.contains(id),
            _ => true,
        }
    }

    /// Whether nothing at all is hidden, which spares looking at each object.
    pub(crate) fn sees_all(&self) -> bool {
        !matches!(self, Self::None | Self::Only(_))
    }
}
