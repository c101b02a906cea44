//! What happens in the org meanwhile: people come, change, join and leave groups, and go.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;
use okta_sim::{Org, Sim, Status, User};

use crate::deployment::{DEPARTMENTS, GROUPS, person};

/// Fewer people than these are never left.
const FEWEST: usize = 40;

/// An administrator of the org at work.
pub(crate) struct Administrator {
    pub(crate) rng: Rng,
    /// The number of the next newcomer.
    next: usize,
    /// Accounts that somebody has left for another one: they stay as they are.
    left_behind: BTreeSet<String>,
    /// How far the log runs behind.
    pub(crate) log_delay: Duration,
    /// Changes made.
    pub(crate) changes: usize,
    /// Swapped logins and mails.
    pub(crate) swaps: u64,
}

impl Administrator {
    /// At the beginning there are so many people.
    pub(crate) fn of(people: usize, rng: Rng) -> Administrator {
        Administrator {
            rng,
            next: people,
            left_behind: BTreeSet::new(),
            log_delay: Duration::ZERO,
            changes: 0,
            swaps: 0,
        }
    }

    /// Changes something; says what.
    pub(crate) fn change(&mut self, sim: &Sim) -> String {
        sim.with(|org| {
            let done = (0..50).find_map(|_| self.try_one(org)).expect("there is always something to change");
            self.changes += 1;
            done
        })
    }

    fn try_one(&mut self, org: &mut Org) -> Option<String> {
        match self.rng.u8(0..48) {
            0..4 => self.hire(org),
            4..8 => self.promote(org),
            8..11 => self.rename(org),
            11..14 => self.swap(org),
            14..17 => self.transfer(org),
            17..21 => self.join(org),
            21..25 => self.leave(org),
            25..28 => self.on_one(org, &is_here, "is suspended", Org::suspend),
            28..30 => self.on_one(org, &is_suspended, "is no longer suspended", Org::unsuspend),
            30..33 => self.on_one(org, &is_here, "is deactivated", Org::deactivate),
            33..35 => self.on_one(org, &is_gone, "comes back", Org::reactivate),
            35..37 if org.len() > FEWEST => self.on_one(org, &|_| true, "is deleted", Org::delete),
            37 => self.rehire(org),
            38 => self.import(org),
            40.. => self.change_device(org),
            _ => self.change_late(org),
        }
    }

    /// Somebody of a kind, but nobody's given up account.
    pub(crate) fn pick(&mut self, org: &Org, wanted: &dyn Fn(&User) -> bool) -> Option<User> {
        let mut found: Vec<&User> = org.users().filter(|user| wanted(user)).collect();
        found.retain(|user| !self.left_behind.contains(&user.id));
        found.sort_by(|one, other| one.id.cmp(&other.id));
        (!found.is_empty()).then(|| found[self.rng.usize(..found.len())].clone())
    }

    fn on_one(
        &mut self,
        org: &mut Org,
        wanted: &dyn Fn(&User) -> bool,
        what: &str,
        act: fn(&mut Org, &str) -> bool,
    ) -> Option<String> {
        let user = self.pick(org, wanted)?;
        act(org, &user.id).then(|| format!("{} {what}", called(&user)))
    }

    fn create(&mut self, org: &mut Org) -> String {
        self.next += 1;
        org.create(person(self.next - 1))
    }

    fn hire(&mut self, org: &mut Org) -> Option<String> {
        let id = self.create(org);
        let who = called(org.user(&id)?);
        if self.rng.bool() {
            return Some(format!("{who} is hired"));
        }
        let (group, id_of_group) = self.group(org)?;
        org.add_to_group(&id, &id_of_group);
        Some(format!("{who} is hired, and joins {group}"))
    }

    fn import(&mut self, org: &mut Org) -> Option<String> {
        let some = self.rng.usize(3..8);
        let ids: Vec<String> = (0..some).map(|_| self.create(org)).collect();
        let names: Vec<String> = ids.iter().filter_map(|id| org.user(id).map(called)).collect();
        Some(format!("an import brings {}", names.join(", ")))
    }

    fn promote(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let title = ["Director", "Intern", "Consultant"][self.rng.usize(0..3)];
        org.set_profile(&user.id, "title", title).then(|| format!("{} becomes {title}", called(&user)))
    }

    fn rename(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let last = ["Hopper", "Lovelace", "Noether"][self.rng.usize(0..3)];
        org.rename(&user.id, "Grace", last).then(|| format!("{}'s name is Grace {last}", called(&user)))
    }

    fn transfer(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let department = DEPARTMENTS[self.rng.usize(0..DEPARTMENTS.len())];
        org.move_department(&user.id, department).then(|| format!("{} moves to {department}", called(&user)))
    }

    /// A group's name and id.
    fn group(&mut self, org: &Org) -> Option<(&'static str, String)> {
        let name = GROUPS[self.rng.usize(0..GROUPS.len())];
        Some((name, org.group_by_name(name)?.id.clone()))
    }

    fn join(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let (group, id) = self.group(org)?;
        org.add_to_group(&user.id, &id).then(|| format!("{} joins {group}", called(&user)))
    }

    fn leave(&mut self, org: &mut Org) -> Option<String> {
        let (group, id) = self.group(org)?;
        let members: BTreeSet<String> = org.members(&id).map(|user| user.id.clone()).collect();
        let user = self.pick(org, &|user| members.contains(&user.id))?;
        org.remove_from_group(&user.id, &id).then(|| format!("{} leaves {group}", called(&user)))
    }

    /// Two people get each other's login and mail. Not what an account of before has still: whose it is then, nobody could
    /// say, and whoever gets it is unsynced for good.
    fn swap(&mut self, org: &mut Org) -> Option<String> {
        let left: BTreeSet<_> = self.left_behind.iter().filter_map(|id| org.user(id)?.text("email")).collect();
        let may_swap = |user: &User| is_here(user) && user.text("email").is_none_or(|mail| !left.contains(&mail));
        let (one, other) = (self.pick(org, &may_swap)?, self.pick(org, &may_swap)?);
        if one.id == other.id {
            return None;
        }
        let mail = |user: &User| user.text("email").unwrap_or_default();
        org.set_login(&one.id, "nobody@acme.example");
        assert!(org.set_login(&other.id, &one.login()) && org.set_login(&one.id, &other.login()), "they are free");
        assert!(org.set_profile(&one.id, "email", mail(&other)) && org.set_profile(&other.id, "email", mail(&one)));
        self.swaps += 1;
        Some(format!("{} and {} swap login and mail", called(&one), called(&other)))
    }

    /// Somebody's account is given up, or deleted, and they get another one.
    fn rehire(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let groups: Vec<String> = org.groups().map(|group| group.id.clone()).collect();
        let groups: Vec<String> = groups.into_iter().filter(|group| org.is_member(&user.id, group)).collect();
        let is_deleted = self.rng.bool();
        if is_deleted {
            org.delete(&user.id);
        } else {
            // The old account keeps its mail, but its login is needed.
            assert!(org.set_login(&user.id, &format!("left{}@acme.example", self.next)) && org.deactivate(&user.id));
            self.left_behind.insert(user.id.clone());
        }
        let again = person(self.next).with("login", user.login()).with("email", user.text("email").unwrap_or_default());
        self.next += 1;
        let new = org.create(again);
        for group in &groups {
            // Everybody is in Everyone already.
            let _ = org.add_to_group(&new, group);
        }
        let how = if is_deleted { "deleted" } else { "given up" };
        Some(format!("{}'s account is {how}, and they get another one", called(&user)))
    }

    /// A change that was made a while ago and shows only now.
    fn change_late(&mut self, org: &mut Org) -> Option<String> {
        let (now, seconds) = (org.now(), self.rng.i64(20..240));
        let then = now.saturating_add(SignedDuration::from_secs(-seconds)).ok()?;
        let user = self.pick(org, &|user| is_here(user) && user.last_updated < then)?;
        org.set_now(then);
        // The log has it as late.
        org.set_log_delay(Duration::from_secs(seconds.unsigned_abs()) + self.log_delay);
        let done = org.set_profile(&user.id, "title", "Latecomer");
        org.set_log_delay(self.log_delay);
        org.set_now(now);
        done.then(|| format!("{} became Latecomer {seconds} s ago", called(&user)))
    }
}

pub(crate) fn is_here(user: &User) -> bool {
    user.status != Status::Deprovisioned
}

fn is_gone(user: &User) -> bool {
    user.status == Status::Deprovisioned
}

fn is_suspended(user: &User) -> bool {
    user.status == Status::Suspended
}

/// What somebody is called in schedules.
pub(crate) fn called(user: &User) -> String {
    user.login().replace("@acme.example", "")
}
