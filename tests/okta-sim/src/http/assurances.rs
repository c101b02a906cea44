//! `/api/v1/device-assurances`: a plain array, without paging (Okta: List all device assurance policies).

use super::answer::Answer;
use super::ask::Ask;
use crate::org::{Feature, Org};
use crate::role::Role;

/// Answers whatever is asked under `/device-assurances`.
pub(super) fn answer(ask: &Ask<'_>, org: &Org) -> Option<Result<Answer, Answer>> {
    if !org.has(Feature::DeviceAssurance) {
        return Some(Err(Answer::no_such_feature()));
    }
    if *ask.role == Role::NoDeviceAssurances {
        return Some(Err(Answer::forbidden()));
    }
    let rest: Vec<&str> = ask.segments.iter().skip(3).map(String::as_str).collect();
    let mut seen = org.policies().iter().filter(|policy| ask.role.sees(&policy.id));
    Some(match rest.as_slice() {
        [] => Ok(Answer::values(seen.map(|policy| policy.json(ask.base)), Vec::new())),
        [id] => seen
            .find(|policy| policy.id == *id)
            .map(|policy| Answer::value(&policy.json(ask.base)))
            .ok_or_else(|| Answer::not_found(id, "DeviceAssurance")),
        _ => return None,
    })
}
