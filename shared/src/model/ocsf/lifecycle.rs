//! How a device stands, as an event says it: the word of the directory, and a sentence.
//!
//! Okta's own word is not enough: that a device was deleted, or is no longer admitted, is not in it.

use crate::model::{Reason, Record, State};

/// `active`, or why the device is not.
pub(super) fn word(record: &Record) -> &'static str {
    match (record.state, record.reason) {
        (State::Active, _) => "active",
        (State::Inactive, Some(reason)) => reason.word(),
        (State::Inactive, None) => "inactive",
    }
}

/// What the word stands for.
pub(super) fn sentence(record: &Record) -> &'static str {
    match (record.state, record.reason) {
        (State::Active, _) => "Okta lists the device, neither suspended nor deactivated.",
        (State::Inactive, None) => "The device is not in use.",
        (State::Inactive, Some(Reason::Deleted)) => "Okta no longer has the device, and its log has the deletion.",
        (State::Inactive, Some(Reason::Missing)) => "Okta no longer shows the device, and its log cannot tell why.",
        (State::Inactive, Some(Reason::Deactivated)) => "The device is deactivated in Okta.",
        (State::Inactive, Some(Reason::Suspended)) => "The device is suspended in Okta.",
        (State::Inactive, Some(Reason::Pending)) => "The device is in Okta, and not in use yet.",
        (State::Inactive, Some(Reason::OutOfScope)) => {
            "Okta may still have the device; the mapping no longer admits it."
        }
    }
}
