//! Who is assigned to which application: people one by one, and the members of groups.
//!
//! The members of a group are looked up, never stored again. So a group's assignment writes one event
//! and none for each member, and so do its joins and leaves: that Okta always writes those is not
//! established, and a client must list.

use std::iter::Peekable;
use std::sync::Arc;

use jiff::Timestamp;

use super::app::GroupAssignment;
use super::{App, Org, Party, User};
use crate::clock::whole_second;
use crate::id::Id;

/// Someone's assignment to an application.
#[derive(Clone, Debug)]
pub struct Assignment<'a> {
    /// Who.
    pub user: &'a Arc<User>,
    /// Since when: if by a group, since the group is assigned.
    pub created: Timestamp,
    /// How.
    pub scope: Scope,
}

/// How someone is assigned to an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In person, and perhaps by a group as well.
    User,
    /// By a group alone.
    Group,
}

impl Scope {
    /// The scope as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Group => "GROUP",
        }
    }
}

impl Org {
    /// Assigns someone to an application; `false` when already assigned in person.
    pub fn assign(&mut self, user: &str, app: &str) -> bool {
        let now = whole_second(self.now()).as_second();
        self.change_assignment(user, app, "application.user_membership.add", |app, id| {
            !app.users.contains_key(&id) && app.users.insert(id, now).is_none()
        })
    }

    /// Ends someone's own assignment to an application; what a group gives stays.
    pub fn unassign(&mut self, user: &str, app: &str) -> bool {
        self.change_assignment(user, app, "application.user_membership.remove", |app, id| {
            app.users.remove(&id).is_some()
        })
    }

    /// Assigns a group to an application, and with it whoever is in it.
    pub fn assign_group(&mut self, group: &str, app: &str) -> bool {
        let second = whole_second(self.now()).as_second();
        self.change_group_assignment(group, app, "group.application_assignment.add", |app, id| {
            let priority = u32::try_from(app.groups.len()).unwrap_or(u32::MAX);
            !app.groups.contains_key(&id) && app.groups.insert(id, GroupAssignment { second, priority }).is_none()
        })
    }

    /// Ends a group's assignment to an application.
    pub fn unassign_group(&mut self, group: &str, app: &str) -> bool {
        self.change_group_assignment(group, app, "group.application_assignment.remove", |app, id| {
            app.groups.remove(&id).is_some()
        })
    }

    /// Whether someone may use an application, in person or by a group.
    #[must_use]
    pub fn assignment(&self, user: &str, app: &str) -> Option<Assignment<'_>> {
        let (user, app) = (self.people.get(user)?, self.app(app)?);
        self.assignment_of(user, app)
    }

    /// Everyone assigned to an application, each once, by id. Deactivated people are among them.
    pub fn assignments<'a>(&'a self, app: &'a App) -> impl Iterator<Item = Assignment<'a>> {
        self.assignments_from(app, Id::FIRST)
    }

    /// The same, from the ids greater than `after`.
    pub(crate) fn assignments_from<'a>(
        &'a self,
        app: &'a App,
        after: Id,
    ) -> impl Iterator<Item = Assignment<'a>> + use<'a> {
        let above = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let own = app.users.range(above).filter_map(|(id, _)| self.people.get(id.as_str()));
        let own: Box<dyn Iterator<Item = &'a Arc<User>>> = Box::new(own);
        let groups = app.groups.keys().map(|group| self.members_from(group.as_str(), after));
        let sources = std::iter::once(own).chain(groups).map(Iterator::peekable).collect();
        Merged { sources }.filter_map(|user| self.assignment_of(user, app))
    }

    fn assignment_of<'a>(&self, user: &'a Arc<User>, app: &App) -> Option<Assignment<'a>> {
        let id = Id::parse(&user.id)?;
        let by_group = || {
            let having = app.groups.iter().filter(|(group, _)| self.is_member(&user.id, group.as_str()));
            having.map(|(_, assignment)| (assignment.second, Scope::Group)).min_by_key(|(second, _)| *second)
        };
        let (second, scope) = app.users.get(&id).map(|second| (*second, Scope::User)).or_else(by_group)?;
        let created = crate::clock::second(second).max(user.created);
        Some(Assignment { user, created, scope })
    }

    fn change_assignment(
        &mut self,
        user: &str,
        app: &str,
        event: &str,
        change: impl FnOnce(&mut App, Id) -> bool,
    ) -> bool {
        let (Some(id), Some(person)) = (Id::parse(user), self.user(user).map(Party::user)) else {
            return false;
        };
        let targets = |app: &App| vec![Party::app_user(app, &person), Party::app(app), person];
        self.change_assigned(app, event, |app| change(app, id), targets)
    }

    fn change_group_assignment(
        &mut self,
        group: &str,
        app: &str,
        event: &str,
        change: impl FnOnce(&mut App, Id) -> bool,
    ) -> bool {
        let (Some(id), Some(party)) = (Id::parse(group), self.group(group).map(Party::group)) else {
            return false;
        };
        self.change_assigned(app, event, |app| change(app, id), |app| vec![party, Party::app(app)])
    }

    /// Changes an app, and logs it if there was anything to change.
    fn change_assigned(
        &mut self,
        app: &str,
        event: &str,
        change: impl FnOnce(&mut App) -> bool,
        targets: impl FnOnce(&App) -> Vec<Party>,
    ) -> bool {
        let Some(entry) = self.app_mut(app) else {
            return false;
        };
        if !change(entry) {
            return false;
        }
        let targets = targets(entry);
        self.log(event, targets);
        true
    }
}

/// Several lists of people, each by id, as one without repetitions: a page costs what it holds.
struct Merged<'a> {
    sources: Vec<Peekable<Box<dyn Iterator<Item = &'a Arc<User>> + 'a>>>,
}

impl<'a> Iterator for Merged<'a> {
    type Item = &'a Arc<User>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.sources.iter_mut().filter_map(|source| source.peek().copied()).min_by(|one, other| {
            // Ids are compared as bytes, like everywhere.
            one.id.cmp(&other.id)
        })?;
        for source in &mut self.sources {
            source.next_if(|user| user.id == first.id);
        }
        Some(first)
    }
}
