//! The kinds of objects, and what the status of each says about the record that stands for it.

use serde::{Deserialize, Serialize};

use crate::model::{Reason, Standing};

/// The kinds of Okta's objects that records are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A person (Okta: Users).
    User,
    /// A device that somebody registered (Okta: Devices).
    Device,
    /// An application (Okta: Applications).
    App,
}

impl ObjectKind {
    /// The word for several of them.
    pub fn plural(self) -> &'static str {
        match self {
            ObjectKind::User => "people",
            ObjectKind::Device => "devices",
            ObjectKind::App => "applications",
        }
    }

    /// The statuses that Okta documents. Of devices the documentation lists `UNSUSPENDED` besides, which is what is done to
    /// one; examples have `CREATED`.
    pub fn statuses(self) -> &'static [&'static str] {
        match self {
            ObjectKind::User => &[
                "STAGED",
                "PROVISIONED",
                "ACTIVE",
                "RECOVERY",
                "PASSWORD_EXPIRED",
                "LOCKED_OUT",
                "SUSPENDED",
                "DEPROVISIONED",
            ],
            ObjectKind::Device => &["CREATED", "ACTIVE", "SUSPENDED", "UNSUSPENDED", "DEACTIVATED"],
            ObjectKind::App => &["ACTIVE", "INACTIVE", "DELETED"],
        }
    }

    /// Whether Okta documents this status; one that it does not makes no record inactive, but somebody should hear of it.
    pub fn is_known_status(self, status: &str) -> bool {
        self.statuses().contains(&status)
    }

    /// What a status makes of a record: active (`None`), or why not.
    ///
    /// Whoever belongs to the org is active, whatever stands between the person and the next sign-in. So is a status
    /// that nobody has heard of: a word that Okta adds one day must not deactivate anybody or anything.
    pub fn standing_of(self, status: &str) -> Standing {
        match (self, status) {
            (ObjectKind::User | ObjectKind::Device, "SUSPENDED") => Some(Reason::Suspended),
            (ObjectKind::User, "STAGED") => Some(Reason::Pending),
            (ObjectKind::User, "DEPROVISIONED")
            | (ObjectKind::Device, "DEACTIVATED")
            | (ObjectKind::App, "INACTIVE") => Some(Reason::Deactivated),
            (ObjectKind::App, "DELETED") => Some(Reason::Deleted),
            _ => None,
        }
    }

    /// Whether it keeps its attributes in a profile.
    pub(super) fn has_profile(self) -> bool {
        matches!(self, ObjectKind::User | ObjectKind::Device)
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectKind::{App, Device, User};
    use crate::model::Reason;

    #[test]
    fn every_status_has_its_standing() {
        let expected = [
            (User, "STAGED", Some(Reason::Pending)),
            (User, "PROVISIONED", None),
            (User, "ACTIVE", None),
            (User, "RECOVERY", None),
            (User, "PASSWORD_EXPIRED", None),
            (User, "LOCKED_OUT", None),
            (User, "SUSPENDED", Some(Reason::Suspended)),
            (User, "DEPROVISIONED", Some(Reason::Deactivated)),
            (Device, "CREATED", None),
            (Device, "ACTIVE", None),
            (Device, "SUSPENDED", Some(Reason::Suspended)),
            (Device, "UNSUSPENDED", None),
            (Device, "DEACTIVATED", Some(Reason::Deactivated)),
            (App, "ACTIVE", None),
            (App, "INACTIVE", Some(Reason::Deactivated)),
            (App, "DELETED", Some(Reason::Deleted)),
        ];
        for kind in [User, Device, App] {
            let of_kind = expected.iter().filter(|(of, ..)| *of == kind).map(|(_, status, _)| *status);
            assert_eq!(of_kind.collect::<Vec<_>>(), kind.statuses());
        }
        for (kind, status, standing) in expected {
            assert_eq!(kind.standing_of(status), standing, "{kind:?} {status}");
            assert!(kind.is_known_status(status), "{kind:?} {status}");
        }
    }

    #[test]
    fn an_unheard_of_status_is_active_and_unknown() {
        for status in ["ACTIVATING", "active", "", "RETIRED"] {
            for kind in [User, Device, App] {
                assert_eq!(kind.standing_of(status), None, "{kind:?} {status}");
                assert!(!kind.is_known_status(status), "{kind:?} {status}");
            }
        }
    }
}
