//! Looking at an org.

use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use super::{Device, Event, Group, Org, User};
use crate::id::Id;

impl Org {
    /// How many people there are, deactivated ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.len() == 0
    }

    /// Everyone, in no particular order.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.people.iter()
    }

    /// Someone by id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<&User> {
        self.people.get(id).map(Arc::as_ref)
    }

    /// Someone by login, without regard to case.
    #[must_use]
    pub fn user_by_login(&self, login: &str) -> Option<&User> {
        self.people.by_login(login).map(Arc::as_ref)
    }

    /// Every group, Everyone included, by id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// A group by id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    /// The first group of this name.
    #[must_use]
    pub fn group_by_name(&self, name: &str) -> Option<&Group> {
        self.groups.values().find(|group| group.name == name)
    }

    /// The group that everyone is in.
    #[must_use]
    pub fn everyone(&self) -> &str {
        &self.everyone
    }

    /// The members of a group, deactivated ones included, by id.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &User> {
        self.members_from(group, Id::FIRST).map(Arc::as_ref)
    }

    /// The members of a group with ids greater than `after`, by id.
    pub(crate) fn members_from(&self, group: &str, after: Id) -> Box<dyn Iterator<Item = &Arc<User>> + '_> {
        let range = (Excluded(after), Unbounded);
        if group == self.everyone {
            return self.people.in_id_order(range);
        }
        match self.groups.get(group) {
            Some(group) => Box::new(group.members.range(range).filter_map(|id| self.people.get(id.as_str()))),
            None => Box::new(std::iter::empty()),
        }
    }

    /// How many members a group has.
    #[must_use]
    pub fn member_count(&self, group: &str) -> usize {
        if group == self.everyone {
            return self.people.len();
        }
        self.groups.get(group).map_or(0, |group| group.members.len())
    }

    /// Whether someone is in a group.
    #[must_use]
    pub fn is_member(&self, user: &str, group: &str) -> bool {
        let Some(id) = Id::parse(user).filter(|_| self.people.get(user).is_some()) else {
            return false;
        };
        group == self.everyone || self.groups.get(group).is_some_and(|group| group.members.contains(&id))
    }

    /// How many devices there are, deactivated ones included.
    #[must_use]
    pub fn device_count(&self) -> usize {
        self.fleet.len()
    }

    /// Every device, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.fleet.iter()
    }

    /// A device by id.
    #[must_use]
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.fleet.get(id).map(Arc::as_ref)
    }

    /// The whole system log but for a generated history of sign-ons, in the order in which things
    /// happened.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        self.journal.events()
    }
}
