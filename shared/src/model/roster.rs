//! Who is in which of a connection's mapped groups: some twenty bytes a person, for orgs of any size.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// The members of the mapped groups; groups go by their place among the connection's.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// By a hash of the user's id: the number of the set of groups that they are in.
    people: HashMap<u128, u32>,
    sets: Vec<Vec<u16>>,
    numbers: HashMap<Vec<u16>, u32>,
}

impl Roster {
    /// Notes that somebody is in a group; whether they were in none before.
    pub fn add(&mut self, user: &str, group: u16) -> bool {
        let key = hash(user);
        let before = self.people.get(&key).copied();
        let mut groups = before.and_then(|number| self.sets.get(number as usize)).cloned().unwrap_or_default();
        if let Err(place) = groups.binary_search(&group) {
            groups.insert(place, group);
            let number = self.number(groups);
            self.people.insert(key, number);
        }
        before.is_none()
    }

    /// Notes the groups that somebody is in, whatever was noted before.
    pub fn set(&mut self, user: &str, mut groups: Vec<u16>) {
        groups.sort_unstable();
        groups.dedup();
        let number = self.number(groups);
        self.people.insert(hash(user), number);
    }

    /// The groups that somebody is in, in order.
    pub fn groups(&self, user: &str) -> &[u16] {
        let number = self.people.get(&hash(user));
        number.and_then(|number| self.sets.get(*number as usize)).map_or(&[], Vec::as_slice)
    }

    /// How many people are in any.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is in any.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    fn number(&mut self, groups: Vec<u16>) -> u32 {
        let sets = &mut self.sets;
        *self.numbers.entry(groups).or_insert_with_key(|groups| {
            sets.push(groups.clone());
            sets.len() as u32 - 1
        })
    }
}

fn hash(user: &str) -> u128 {
    let digest = Sha256::digest(user);
    digest.iter().take(16).fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::Roster;

    #[test]
    fn people_are_in_the_groups_they_were_noted_in() {
        let mut roster = Roster::default();
        assert!(roster.add("ada", 3) && roster.add("charles", 3));
        assert!(!roster.add("ada", 1) && !roster.add("ada", 3));
        assert_eq!(
            (roster.groups("ada"), roster.groups("charles"), roster.groups("mary")),
            (&[1, 3][..], &[3][..], &[][..])
        );
        assert_eq!(roster.len(), 2);
    }
}
