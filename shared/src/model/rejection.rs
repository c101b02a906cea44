//! Why an object could not become a record, and what to do about it.

use super::{Rejection, RejectionReason};

impl RejectionReason {
    /// What to do about it, in Okta or here.
    pub fn hint(self) -> &'static str {
        match self {
            RejectionReason::Malformed => {
                "Open the person in Okta's admin console; if it looks right there, run the job again, \
                 and if it stays, report the Okta id to Okta's support."
            }
            RejectionReason::TooLarge => {
                "Shorten the person's attributes in Okta, or map fewer or smaller ones in the mapping's fields."
            }
            RejectionReason::MissingIdentifier => {
                "Fill in the attribute that the mapping's identifier reads in Okta, or choose another identifier, \
                 such as `id`, which everybody has."
            }
            RejectionReason::MissingRequired => {
                "Fill in the attribute in Okta, or take the field out of the mapping's `required`."
            }
            RejectionReason::ExpressionFailed => {
                "Change the expression so that it copes with the attribute's type, for example with `not_null(…)`, \
                 `to_string(…)` or a filter `[?@]`; or correct the attribute in Okta."
            }
            RejectionReason::Withheld => {
                "Give the credential's account a role that may see this person, in Okta's admin console under \
                 Security > Administrators, then run the job again."
            }
            RejectionReason::UnexplainedAbsence => {
                "Look for the person in Okta's admin console. If they are there, the credential's role does not see \
                 all users: correct it under Security > Administrators. If they were deleted, Okta's log will say so \
                 within a day as a rule, and the next full import reads it."
            }
            RejectionReason::DuplicateIdentifier => {
                "Correct the attribute of one of the two in Okta, or choose an identifier that tells them apart, such \
                 as `id`. When the other lets go of it, this person syncs by itself."
            }
            RejectionReason::AmbiguousMatch => {
                "Correct the attributes that match more than one earlier record, in Okta or in the mapping's `rejoin`."
            }
            RejectionReason::Superseded => {
                "Two Okta accounts are in use for what looks like one person: deactivate one of them in Okta, or give \
                 them different identifiers."
            }
            RejectionReason::BlindRun => {
                "Restore what the run report says was lost, then run a full import: it decides about this object again."
            }
        }
    }
}

impl Rejection {
    /// A rejection of an object whose identifier is not known.
    pub(super) fn new(reason: RejectionReason, message: impl Into<String>) -> Rejection {
        Rejection { reason, message: message.into(), identifier: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_what_to_do() {
        for reason in [
            RejectionReason::Malformed,
            RejectionReason::TooLarge,
            RejectionReason::MissingIdentifier,
            RejectionReason::MissingRequired,
            RejectionReason::ExpressionFailed,
            RejectionReason::Withheld,
            RejectionReason::UnexplainedAbsence,
            RejectionReason::DuplicateIdentifier,
            RejectionReason::AmbiguousMatch,
            RejectionReason::Superseded,
            RejectionReason::BlindRun,
        ] {
            assert!(!reason.hint().is_empty() && !reason.hint().contains("  "), "{}", reason.hint());
        }
    }
}
