//! Whether a device meets the org's device assurance policies, as far as that can be said in one word.
//!
//! Okta does not tell which of its policies applies to a device, nor a verdict: the record's verdicts are Rollcall's own,
//! one for each policy of the platform. So only what holds whichever policy applies is said.

use serde_json::Value;

use crate::model::{Record, State};

/// True when every policy is met, false when none is; unknown otherwise, and of a device that is out of use.
pub(super) fn is_compliant(record: &Record, assurance: Option<&Value>) -> Option<bool> {
    let policies = assurance?.as_array().filter(|policies| !policies.is_empty())?;
    let all = |verdict: &str| policies.iter().all(|policy| policy["verdict"] == verdict);
    match record.state {
        State::Inactive => None,
        State::Active if all("met") => Some(true),
        State::Active if all("not_met") => Some(false),
        State::Active => None,
    }
}
