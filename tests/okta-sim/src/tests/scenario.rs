//! The org without a server: what moves which time and writes which event, and what is generated.

use std::collections::{BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::{NewUser, Org, Status};

fn now() -> Timestamp {
    "2026-11-20T10:00:00.123Z".parse().unwrap()
}

/// An org with Ada in it, an hour later.
fn org_with_ada() -> (Org, String) {
    let mut org = Org::empty(now());
    let ada = org.create(NewUser::new("Ada", "Byron", "ada@acme.example").department("Sales"));
    org.set_now(now() + SignedDuration::from_hours(1));
    (org, ada)
}

fn last_event(org: &Org) -> &str {
    org.events().last().map_or("", |event| &event.event_type)
}

#[test]
fn a_change_of_status_moves_two_times_and_keeps_the_groups() {
    let (mut org, ada) = org_with_ada();
    let group = org.create_group("Finance");
    assert!(org.add_to_group(&ada, &group));
    type Step = fn(&mut Org, &str) -> bool;
    let steps: [(Step, Status, &str); 8] = [
        (Org::suspend, Status::Suspended, "user.lifecycle.suspend"),
        (Org::unsuspend, Status::Active, "user.lifecycle.unsuspend"),
        (Org::lock, Status::LockedOut, "user.account.lock"),
        (Org::unlock, Status::Active, "user.account.unlock_by_admin"),
        (Org::deactivate, Status::Deprovisioned, "user.lifecycle.deactivate"),
        (Org::activate, Status::Active, "user.lifecycle.activate"),
        (Org::deactivate, Status::Deprovisioned, "user.lifecycle.deactivate"),
        (Org::reactivate, Status::Active, "user.lifecycle.activate"),
    ];
    for (step, status, event) in steps {
        org.set_now(org.now() + SignedDuration::from_secs(60));
        assert!(step(&mut org, &ada), "{event}");
        let second = Timestamp::from_second(org.now().as_second()).unwrap();
        let user = org.user(&ada).unwrap();
        assert_eq!((user.status, user.last_updated), (status, second));
        assert_eq!(user.status_changed, Some(second));
        assert_eq!(last_event(&org), event);
        assert!(org.is_member(&ada, &group));
    }
    assert!(!org.unsuspend(&ada), "not from here");
}

#[test]
fn membership_and_sign_in_move_nothing_of_the_user() {
    let (mut org, ada) = org_with_ada();
    let before = org.user(&ada).unwrap().last_updated;
    let group = org.create_group("Finance");
    org.set_now(org.now() + SignedDuration::from_secs(60));
    assert!(org.add_to_group(&ada, &group) && !org.add_to_group(&ada, &group));
    assert!(org.sign_in(&ada));
    assert_eq!(org.user(&ada).unwrap().last_updated, before);
    let stamped = org.group(&group).unwrap();
    assert!(stamped.last_membership_updated > stamped.last_updated);
    assert!(org.rename_group(&group, "Money"));
    let everyone = org.everyone().to_owned();
    assert!(!org.add_to_group(&ada, &everyone));
}

#[test]
fn deletion_deactivates_first_and_leaves_only_the_log() {
    let (mut org, ada) = org_with_ada();
    let group = org.create_group("Finance");
    org.add_to_group(&ada, &group);
    let count = org.events().len();
    assert!(org.delete(&ada) && !org.delete(&ada));
    let types: Vec<_> = org.events()[count..].iter().map(|event| event.event_type.as_str()).collect();
    let expected = ["deactivate", "delete.initiated", "delete.completed"].map(|end| format!("user.lifecycle.{end}"));
    assert_eq!(types, expected);
    assert!(org.user(&ada).is_none() && org.member_count(&group) == 0);
    let again = org.create(NewUser::new("Ada", "Byron", "ada@acme.example"));
    assert_ne!(again, ada);
    assert!(org.vanish(&again));
    assert_eq!(last_event(&org), "user.lifecycle.activate");
}

#[test]
fn profiles_change_with_an_event_unless_deactivated() {
    let (mut org, ada) = org_with_ada();
    assert!(org.move_department(&ada, "Finance") && org.rename(&ada, "Ada", "Lovelace"));
    let user = org.user(&ada).unwrap();
    assert_eq!(user.text("department").as_deref(), Some("Finance"));
    assert_eq!(user.full_name(), "Ada Lovelace");
    assert_eq!(last_event(&org), "user.account.update_profile");
    org.deactivate(&ada);
    assert!(org.set_profile(&ada, "skills", serde_json::json!(["rust", 1])));
    assert_eq!(last_event(&org), "user.lifecycle.deactivate");
    let twin = org.create(NewUser::new("Ada", "Byron", "ADA@acme.example"));
    assert_eq!(org.user(&twin).unwrap().login(), "ADA2@acme.example");
    assert!(!org.set_login(&twin, "ada@acme.example") && org.set_login(&twin, "countess@acme.example"));
    assert!(org.user_by_login("Countess@acme.example").is_some());
    assert!(org.user_by_login("ada2@acme.example").is_none());
}

#[test]
fn a_seed_makes_the_same_org() {
    let text = |seed| {
        let mut org = Org::generate(seed, 200, now());
        org.generate_devices(50);
        org.generate_apps(30);
        org.generate_sign_ons(100);
        let users: Vec<_> = org.users().map(|user| user.json("http://o").to_string()).collect();
        let groups: Vec<_> = org.groups().map(|group| group.json("http://o").to_string()).collect();
        let devices: Vec<_> = org.devices().map(|device| device.json("http://o").to_string()).collect();
        let apps: Vec<_> = org.apps().iter().map(|app| app.json("http://o").to_string()).collect();
        let sign_ons: Vec<_> = org.sign_ons().map(|it| (it.at, it.user, it.app)).collect();
        (org.id().to_owned(), [users, groups, devices, apps], sign_ons)
    };
    assert_eq!(text(5), text(5));
    assert_ne!(text(5), text(6));
}

#[test]
fn a_generated_org_is_believable() {
    let org = Org::generate(3, 5_000, now());
    assert_eq!(org.len(), 5_000);
    let day_ago = now() - SignedDuration::from_hours(24);
    let mut seconds = std::collections::HashMap::new();
    for user in org.users() {
        assert!(user.created <= user.last_updated && user.last_updated < day_ago, "{user:?}");
        for time in [user.activated, user.status_changed, user.password_changed] {
            assert!(time.is_none_or(|time| user.created <= time && time <= user.last_updated), "{user:?}");
        }
        *seconds.entry(user.created).or_insert(0) += 1;
    }
    assert_eq!(seconds.values().max(), Some(&1_000));
    let statuses: HashSet<Status> = org.users().map(|user| user.status).collect();
    assert_eq!(statuses, HashSet::from(Status::ALL));
    let logins: BTreeSet<String> = org.users().map(|user| user.login().to_lowercase()).collect();
    assert_eq!(logins.len(), 5_000);
    let departments: BTreeSet<_> = org.users().map(|user| user.text("department")).collect();
    assert!(departments.contains(&None) && departments.contains(&Some(" sales".to_owned())));
    assert!(org.member_count(&org.group_by_name("Asset Admins").unwrap().id) > 0);
    assert!(org.events().is_empty());
}
