//! The groups of a generated org.

use std::collections::BTreeSet;

use super::work::DEPARTMENTS;
use crate::clock::{shifted, whole_second};
use crate::id::{Id, new_id};
use crate::org::{Group, GroupKind, Org, User};

/// Groups for access, and the percentage of the people who are in each.
const ACCESS: [(&str, f64); 6] = [
    ("All Employees", 95.0),
    ("VPN Users", 60.0),
    ("Contractors", 8.0),
    ("Asset Users", 5.0),
    ("Asset Admins", 0.5),
    ("Break Glass", 0.0),
];

/// How many departments have a group of their own.
const DEPARTMENT_GROUPS: usize = 8;

/// Makes the groups. Deactivated people are in them as they were, as in Okta.
pub(super) fn generate(org: &mut Org, people: &[User]) -> Vec<Group> {
    let mut groups = Vec::new();
    for (name, percent) in ACCESS {
        let rng = org.rng();
        let mut members: Vec<Id> =
            people.iter().filter(|_| rng.f64() * 100.0 < percent).filter_map(|user| Id::parse(&user.id)).collect();
        if members.is_empty() && percent > 0.0 {
            members.extend(people.first().and_then(|user| Id::parse(&user.id)));
        }
        groups.push(group(org, name, members.into_iter().collect()));
    }
    let mut by_department = vec![Vec::new(); DEPARTMENT_GROUPS];
    for user in people {
        let department = user.text("department").unwrap_or_default();
        let place =
            DEPARTMENTS.iter().take(DEPARTMENT_GROUPS).position(|name| name.eq_ignore_ascii_case(department.trim()));
        if let Some(members) = place.and_then(|place| by_department.get_mut(place)) {
            members.extend(Id::parse(&user.id));
        }
    }
    for (name, members) in DEPARTMENTS.iter().zip(by_department) {
        groups.push(group(org, name, members.into_iter().collect()));
    }
    groups
}

fn group(org: &mut Org, name: &str, members: BTreeSet<Id>) -> Group {
    let now = org.now();
    let days_ago = |days: i64| whole_second(shifted(now, jiff::SignedDuration::from_hours(-24 * days)));
    let rng = org.rng();
    let (born, changed, joined) = (rng.i64(400..3000), rng.i64(100..400), rng.i64(2..100));
    Group {
        id: new_id(rng, "00g"),
        name: name.to_owned(),
        description: rng.bool().then(|| format!("Everyone who belongs to {name}")),
        kind: GroupKind::OktaGroup,
        created: days_ago(born),
        last_updated: days_ago(changed),
        last_membership_updated: days_ago(joined),
        members,
    }
}
