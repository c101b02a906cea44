//! What a user's status says about the record that stands for the person.

use super::{Reason, Standing};

/// The statuses that Okta documents for users.
pub const USER_STATUSES: [&str; 8] =
    ["STAGED", "PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT", "SUSPENDED", "DEPROVISIONED"];

/// Whether Okta documents this status; one that it does not makes no record inactive, but somebody should hear of it.
pub fn is_known_status(status: &str) -> bool {
    USER_STATUSES.contains(&status)
}

/// What a user's status makes of a record: active (`None`), or why not.
///
/// Whoever belongs to the org is active, whatever stands between the person and the next sign-in. So is a status
/// that nobody has heard of: a word that Okta adds one day must not deactivate people.
pub fn standing_of(status: &str) -> Standing {
    match status {
        "SUSPENDED" => Some(Reason::Suspended),
        "STAGED" => Some(Reason::Pending),
        "DEPROVISIONED" => Some(Reason::Deactivated),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_standing() {
        let expected = [
            ("STAGED", Some(Reason::Pending)),
            ("PROVISIONED", None),
            ("ACTIVE", None),
            ("RECOVERY", None),
            ("PASSWORD_EXPIRED", None),
            ("LOCKED_OUT", None),
            ("SUSPENDED", Some(Reason::Suspended)),
            ("DEPROVISIONED", Some(Reason::Deactivated)),
        ];
        assert_eq!(expected.map(|(status, _)| status), USER_STATUSES);
        for (status, standing) in expected {
            assert_eq!(standing_of(status), standing, "{status}");
            assert!(is_known_status(status), "{status}");
        }
    }

    #[test]
    fn an_unheard_of_status_is_active_and_unknown() {
        for status in ["ACTIVATING", "active", "", "DELETED"] {
            assert_eq!(standing_of(status), None, "{status}");
            assert!(!is_known_status(status), "{status}");
        }
    }
}
