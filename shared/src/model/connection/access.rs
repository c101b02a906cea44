//! Reading who gets access: the roles of login users, and what their mappings may filter by.

use std::collections::BTreeMap;

use serde_json::Value;

use super::faults::{Faults, element};
use super::section::{Section, label, type_of};
use crate::model::{Filter, RoleRule, Target};

/// Okta's longest name of a group (Okta: Groups, `profile.name`).
pub(super) const LONGEST_GROUP: usize = 255;
const LONGEST_ROLE: usize = 200;
const MOST_ROLES: usize = 1_000;

/// Reads the list of roles.
pub(super) fn read_roles(value: &Value, path: &str, faults: &mut Faults) -> Option<Vec<RoleRule>> {
    let Value::Array(values) = value else {
        faults.add(path, format!("expected a list of roles, not {}", type_of(value)));
        return None;
    };
    if values.is_empty() {
        faults.add(path, "must not be empty: leave the key out to give no roles");
        return None;
    }
    if values.len() > MOST_ROLES {
        faults.add(path, format!("has {} roles; at most {MOST_ROLES} are allowed", values.len()));
        return None;
    }
    let roles: Vec<Option<RoleRule>> =
        values.iter().enumerate().map(|(index, value)| read_role(value, &element(path, index), faults)).collect();
    let roles: Vec<RoleRule> = roles.into_iter().collect::<Option<_>>()?;
    check_once(&roles, path, faults)?;
    Some(roles)
}

fn read_role(value: &Value, path: &str, faults: &mut Faults) -> Option<RoleRule> {
    let mut section = Section::open(value, path, faults)?;
    let mut named = |key, longest| {
        let value = section.required(key, faults)?;
        label(value, &section.at(key), longest, faults)
    };
    let (group, role) = (named("group", LONGEST_GROUP), named("role", LONGEST_ROLE));
    section.close(faults);
    Some(RoleRule { group: group?, role: role? })
}

/// The first match wins, so a second role of a group would never be given.
fn check_once(roles: &[RoleRule], path: &str, faults: &mut Faults) -> Option<()> {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut once = Some(());
    for (index, rule) in roles.iter().enumerate() {
        if let Some(first) = taken.get(rule.group.as_str()) {
            let place = format!("{}.group", element(path, index));
            faults.add(place, format!("`{}` has its role in {} already", rule.group, element(path, *first)));
            once = None;
        } else {
            taken.insert(&rule.group, index);
        }
    }
    once
}

/// Checks that target, filter and roles go together: login users are chosen by group alone, and only they have roles.
pub(super) fn check(
    section: &Section<'_>,
    target: Option<&Target>,
    (filter, roles): (Option<&Filter>, Option<&Vec<RoleRule>>),
    faults: &mut Faults,
) {
    let (Some(target), Some(filter), Some(roles)) = (target, filter, roles) else { return };
    let at = |key: &str| format!("{}.{key}", section.at("filter"));
    match target {
        Target::Record { .. } => {
            if !roles.is_empty() {
                faults.add(section.at("roles"), "roles are for login users alone; this mapping's target is `record`");
            }
        }
        Target::LoginUser => {
            for (key, is_there) in
                [("departments", filter.departments.is_some()), ("statuses", filter.statuses.is_some())]
            {
                if is_there {
                    faults.add(at(key), "login users are filtered by group only");
                }
            }
            if filter.groups.is_none() && roles.is_empty() {
                faults.add(at("groups"), "is missing: a mapping of login users needs `filter.groups` or `roles`");
            }
        }
    }
}
