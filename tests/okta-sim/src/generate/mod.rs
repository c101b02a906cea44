//! Believable orgs from a seed.
//!
//! What a sync must cope with is in every one of them: skewed departments (some spelled with other
//! case or stray spaces), names of many scripts, every status, missing attributes, custom
//! attributes of every type, shared mail addresses, and one bulk import that put a fifth of the org
//! into a single second.

mod apps;
mod devices;
mod groups;
mod hardware;
mod names;
mod people;
mod policies;
mod work;

use crate::org::Org;

pub(crate) use apps::generate as apps;
pub(crate) use devices::generate as devices;
pub(crate) use people::CUSTOM_ATTRIBUTES;
pub(crate) use policies::policies;

/// Fills an empty org with this many people and the groups they are in.
pub(crate) fn fill(org: &mut Org, users: usize) {
    let people = people::generate(org, users);
    let memberships = groups::generate(org, &people);
    org.populate(people);
    for group in memberships {
        org.add_group(group);
    }
}
