//! Groups and who is in them.
//!
//! A change of members moves the group's `lastMembershipUpdated` and nothing of the user; a change
//! of the group's profile moves its `lastUpdated` alone.

use std::collections::BTreeSet;

use super::{Group, GroupKind, Org, Party};
use crate::clock::whole_second;
use crate::id::{Id, new_id};

impl Org {
    /// Creates a group and returns its id.
    pub fn create_group(&mut self, name: &str) -> String {
        self.found_group(name, GroupKind::OktaGroup)
    }

    /// Creates a group as an application or a directory imports it; its name may be taken already.
    pub fn create_app_group(&mut self, name: &str) -> String {
        self.found_group(name, GroupKind::AppGroup)
    }

    /// Deletes a group: 404 from now on, one event, none per member. Everyone cannot be deleted.
    pub fn delete_group(&mut self, id: &str) -> bool {
        if id == self.everyone {
            return false;
        }
        let Some(group) = self.groups.remove(id) else {
            return false;
        };
        if let Some(id) = Id::parse(id) {
            for app in &mut self.apps {
                app.groups.remove(&id);
            }
        }
        self.log("group.lifecycle.delete", vec![Party::group(&group)]);
        true
    }

    /// Gives a group another name.
    pub fn rename_group(&mut self, id: &str, name: &str) -> bool {
        let now = whole_second(self.now());
        let Some(group) = self.groups.get_mut(id) else {
            return false;
        };
        name.clone_into(&mut group.name);
        group.last_updated = now;
        let party = Party::group(group);
        self.log("group.profile.update", vec![party]);
        true
    }

    /// Puts someone into a group; `false` when already in it.
    pub fn add_to_group(&mut self, user: &str, group: &str) -> bool {
        self.change_membership(user, group, "group.user_membership.add", BTreeSet::insert)
    }

    /// Takes someone out of a group; `false` when not in it. Nobody leaves Everyone.
    pub fn remove_from_group(&mut self, user: &str, group: &str) -> bool {
        self.change_membership(user, group, "group.user_membership.remove", |members, id| members.remove(&id))
    }

    fn found_group(&mut self, name: &str, kind: GroupKind) -> String {
        let now = whole_second(self.now());
        let group = Group {
            id: new_id(&mut self.rng, "00g"),
            name: name.to_owned(),
            description: None,
            kind,
            created: now,
            last_updated: now,
            last_membership_updated: now,
            members: BTreeSet::new(),
        };
        let (id, party) = (group.id.clone(), Party::group(&group));
        self.add_group(group);
        self.log("group.lifecycle.create", vec![party]);
        id
    }

    fn change_membership(
        &mut self,
        user: &str,
        group: &str,
        event: &str,
        change: impl FnOnce(&mut BTreeSet<Id>, Id) -> bool,
    ) -> bool {
        let person = self.people.get(user).map(|user| Party::user(user));
        let (Some(person), Some(id)) = (person, Id::parse(user)) else {
            return false;
        };
        let Some(entry) = self.groups.get_mut(group) else {
            return false;
        };
        if entry.kind == GroupKind::BuiltIn || !change(&mut entry.members, id) {
            return false;
        }
        let party = Party::group(entry);
        self.stamp_membership(group);
        self.log(event, vec![person, party]);
        true
    }

    pub(super) fn stamp_membership(&mut self, group: &str) {
        let now = whole_second(self.now());
        if let Some(group) = self.groups.get_mut(group) {
            group.last_membership_updated = now;
        }
    }
}
