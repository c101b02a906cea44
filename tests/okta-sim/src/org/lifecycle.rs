//! People come and go: every change of status (Okta: User lifecycle).
//!
//! A change of status sets `statusChanged` and `lastUpdated` to the same second. Groups are kept.

use jiff::Timestamp;

use super::{NewUser, Org, Party, Profile, Provider, Status, User};
use crate::clock::whole_second;
use crate::id::new_id;

impl Org {
    /// Creates someone and returns the id. A login that is taken gets a number before the `@`.
    pub fn create(&mut self, new: NewUser) -> String {
        let now = whole_second(self.now());
        let mut attributes = new.attributes();
        let wanted = attributes.get("login").and_then(|login| login.as_str()).unwrap_or(&new.email).to_owned();
        attributes.insert("login".to_owned(), self.free_login(&wanted).into());
        let activated = (new.status != Status::Staged).then_some(now);
        let user = User {
            id: new_id(&mut self.rng, "00u"),
            status: new.status,
            created: now,
            activated,
            status_changed: activated,
            last_login: None,
            last_updated: now,
            password_changed: activated.filter(|_| new.status != Status::Provisioned),
            provider: Provider::Okta,
            type_id: self.type_id.clone(),
            realm_id: Some(self.realm_id.clone()),
            profile: Profile::of(&attributes),
        };
        let (id, party) = (user.id.clone(), Party::user(&user));
        self.store(user);
        let everyone = self.everyone.clone();
        self.stamp_membership(&everyone);
        self.log("user.lifecycle.create", vec![party.clone()]);
        if activated.is_some() {
            self.log("user.lifecycle.activate", vec![party]);
        }
        id
    }

    /// Activates someone staged or deactivated; a deactivated person comes back with the same id.
    /// The log says `activate` either way.
    pub fn activate(&mut self, id: &str) -> bool {
        self.shift(
            id,
            |status| matches!(status, Status::Staged | Status::Provisioned | Status::Deprovisioned),
            Status::Active,
            &["user.lifecycle.activate"],
        )
    }

    /// Deactivates someone: the status becomes `DEPROVISIONED`, the groups stay.
    pub fn deactivate(&mut self, id: &str) -> bool {
        self.shift(id, |status| status != Status::Deprovisioned, Status::Deprovisioned, &["user.lifecycle.deactivate"])
    }

    /// An import brings a deactivated person back: `reactivate`, then `activate`.
    pub fn reactivate(&mut self, id: &str) -> bool {
        self.shift(
            id,
            |status| status == Status::Deprovisioned,
            Status::Active,
            &["user.lifecycle.reactivate", "user.lifecycle.activate"],
        )
    }

    /// Suspends someone.
    pub fn suspend(&mut self, id: &str) -> bool {
        self.shift(
            id,
            |status| !matches!(status, Status::Suspended | Status::Deprovisioned | Status::Staged),
            Status::Suspended,
            &["user.lifecycle.suspend"],
        )
    }

    /// Ends a suspension.
    pub fn unsuspend(&mut self, id: &str) -> bool {
        self.shift(id, |status| status == Status::Suspended, Status::Active, &["user.lifecycle.unsuspend"])
    }

    /// Locks someone out after too many failed sign-ins.
    pub fn lock(&mut self, id: &str) -> bool {
        self.shift(id, |status| status == Status::Active, Status::LockedOut, &["user.account.lock"])
    }

    /// An administrator unlocks someone.
    pub fn unlock(&mut self, id: &str) -> bool {
        self.shift(id, |status| status == Status::LockedOut, Status::Active, &["user.account.unlock_by_admin"])
    }

    /// Begins a password reset: the status becomes `RECOVERY`.
    pub fn reset_password(&mut self, id: &str) -> bool {
        self.shift(id, |status| status == Status::Active, Status::Recovery, &["user.account.reset_password"])
    }

    /// Expires the password: the status becomes `PASSWORD_EXPIRED`.
    pub fn expire_password(&mut self, id: &str) -> bool {
        self.shift(id, |status| status == Status::Active, Status::PasswordExpired, &["user.account.expire_password"])
    }

    /// Puts someone into any status, without an event: for what no other method reaches.
    pub fn set_status(&mut self, id: &str, status: Status) -> bool {
        self.shift(id, |_| true, status, &[])
    }

    /// Deletes someone, deactivating first where needed: from now on a plain 404, and the log's
    /// `delete.initiated` and `delete.completed` are the only trace. Groups get no events.
    pub fn delete(&mut self, id: &str) -> bool {
        self.deactivate(id);
        let Some(party) = self.user(id).map(Party::user) else {
            return false;
        };
        self.log("user.lifecycle.delete.initiated", vec![party.clone()]);
        self.erase(id);
        self.log("user.lifecycle.delete.completed", vec![party]);
        true
    }

    /// Someone is gone without any trace in the log: not visible any more, or deleted unseen.
    pub fn vanish(&mut self, id: &str) -> bool {
        self.erase(id)
    }

    /// Someone signs in: `lastLogin` moves, `lastUpdated` does not.
    pub fn sign_in(&mut self, id: &str) -> bool {
        let now = whole_second(self.now());
        let Some(party) = self.amend(id, |user| user.last_login = Some(now)) else {
            return false;
        };
        self.log_by(party, "user.session.start", Vec::new());
        true
    }

    /// Moves someone to another status, where `from` allows it.
    fn shift(&mut self, id: &str, from: impl Fn(Status) -> bool, to: Status, events: &[&str]) -> bool {
        if !self.user(id).is_some_and(|user| from(user.status)) {
            return false;
        }
        let now = whole_second(self.now());
        let Some(party) = self.amend(id, |user| stamp_status(user, to, now)) else {
            return false;
        };
        for event in events {
            self.log(event, vec![party.clone()]);
        }
        true
    }

    /// Changes someone in place and returns who it is now.
    pub(super) fn amend(&mut self, id: &str, change: impl FnOnce(&mut User)) -> Option<Party> {
        let mut user = self.user(id)?.clone();
        change(&mut user);
        let party = Party::user(&user);
        self.store(user);
        Some(party)
    }

    /// A login that nobody has, nearest to the wanted one.
    fn free_login(&self, wanted: &str) -> String {
        let (name, domain) = wanted.split_once('@').unwrap_or((wanted, ""));
        let mut login = wanted.to_owned();
        let mut number = 2u32;
        while self.people.by_login(&login).is_some() {
            login = format!("{name}{number}@{domain}");
            number += 1;
        }
        login
    }
}

fn stamp_status(user: &mut User, to: Status, now: Timestamp) {
    user.status = to;
    user.status_changed = Some(now);
    user.last_updated = now;
    if to == Status::Active && user.activated.is_none() {
        user.activated = Some(now);
    }
}
