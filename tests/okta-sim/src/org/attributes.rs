//! Profiles change.
//!
//! A change moves `lastUpdated` and writes `user.account.update_profile`, except for deactivated
//! people, about whom Okta's log says nothing (Okta support: log events for updates to deactivated
//! profiles): only a complete import finds those changes.

use serde_json::Value;

use super::{Org, Status};
use crate::clock::whole_second;

impl Org {
    /// Someone moves to another department.
    pub fn move_department(&mut self, id: &str, department: &str) -> bool {
        self.change_profile(id, &[("department", Some(department.into()))])
    }

    /// Someone gets another name; a display name that was set follows.
    pub fn rename(&mut self, id: &str, first: &str, last: &str) -> bool {
        let mut changes = vec![("firstName", Some(Value::from(first))), ("lastName", Some(Value::from(last)))];
        if self.user(id).is_some_and(|user| user.attribute("displayName").is_some()) {
            changes.push(("displayName", Some(format!("{first} {last}").into())));
        }
        self.change_profile(id, &changes)
    }

    /// Sets any attribute of someone's profile.
    pub fn set_profile(&mut self, id: &str, key: &str, value: impl Into<Value>) -> bool {
        self.change_profile(id, &[(key, Some(value.into()))])
    }

    /// Takes an attribute away: Okta leaves out what is not set.
    pub fn unset_profile(&mut self, id: &str, key: &str) -> bool {
        self.change_profile(id, &[(key, None)])
    }

    /// Changes someone's login; refused when somebody else has it.
    pub fn set_login(&mut self, id: &str, login: &str) -> bool {
        let taken = self.user_by_login(login).is_some_and(|other| other.id != id);
        !taken && self.set_profile(id, "login", login)
    }

    fn change_profile(&mut self, id: &str, changes: &[(&str, Option<Value>)]) -> bool {
        let now = whole_second(self.now());
        let changed = self.amend(id, |user| {
            for (key, value) in changes {
                user.profile.set(key, value.clone());
            }
            user.last_updated = now;
        });
        let Some(party) = changed else {
            return false;
        };
        if self.user(id).is_some_and(|user| user.status != Status::Deprovisioned) {
            self.log("user.account.update_profile", vec![party]);
        }
        true
    }
}
