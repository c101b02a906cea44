//! Asset Panda Pro: users with login access, whom groups give it and their roles, and users as reference records of an
//! entity and a collection.

use okta_sim::NewUser;
use rollcall_shared::model::{Kind, Reason, RejectionReason, Target};
use serde_json::{Value, json};
use test_support::world::{World, counts};

use super::{connected, faults, installed, next_day, next_day_with_unsynced, reachable, role, unsynced};

const LOGIN_USERS: &str = "asset-panda-login-users";
const REFERENCE_RECORDS: &str = "asset-panda-reference-records";

/// An org in which two groups give access: the first three of these people are in Admins, all but the first in Users.
struct Access {
    world: World,
    people: Vec<String>,
    admins: String,
    users: String,
}

fn login_users() -> Value {
    json!({
        "preset": LOGIN_USERS,
        "roles": [
            { "group": "Panda Admins", "role": "Administrator" },
            { "group": "Panda Users", "role": "Viewer" }
        ]
    })
}

async fn access() -> Access {
    let world = connected(40, json!([login_users()])).await;
    let people = reachable(&world)[..10].to_vec();
    let admins = world.group("Panda Admins", &people[..3]);
    let users = world.group("Panda Users", &people[1..9]);
    Access { world, people, admins, users }
}

#[tokio::test]
async fn asset_panda_login_users() {
    let access = access().await;
    access.is_given_by_group().await;
    access.follows_the_groups().await;
    access.is_given_once_to_an_address().await;
    access.ends_with_the_person().await;
}

impl Access {
    async fn role(&self, person: usize) -> Option<String> {
        role(&self.world, LOGIN_USERS, &self.people[person]).await
    }

    async fn is_given_by_group(&self) {
        let report = installed(&self.world).await;
        assert_eq!(counts(&report, LOGIN_USERS).created, 9, "the members of the two groups, and nobody else");
        for person in 0..9 {
            // The second and the third are in both groups.
            let expected = if person < 3 { "Administrator" } else { "Viewer" };
            assert_eq!(self.role(person).await.as_deref(), Some(expected), "{person}");
        }
        let records = self.world.records(LOGIN_USERS).await;
        assert!(records.values().all(|record| record.kind == Kind::LoginUser));
        assert_eq!(counts(&next_day(&self.world).await, LOGIN_USERS).unchanged, 9);
        assert_eq!(self.world.records(LOGIN_USERS).await, records);
    }

    async fn follows_the_groups(&self) {
        let Access { world, people, admins, users } = self;
        world.sim.with(|org| {
            assert!(org.remove_from_group(&people[1], admins) && org.remove_from_group(&people[3], users));
            assert!(org.add_to_group(&people[9], users));
        });
        let report = next_day(world).await;
        let met = counts(&report, LOGIN_USERS);
        assert_eq!((met.updated, met.deactivated, met.created), (1, 1, 1), "{met:?}");
        assert_eq!(self.role(1).await.as_deref(), Some("Viewer"));
        assert_eq!(self.role(9).await.as_deref(), Some("Viewer"));
        assert_eq!(world.standing(LOGIN_USERS, &people[3]).await, Some(Reason::OutOfScope));
        world.sim.with(|org| assert!(org.add_to_group(&people[3], admins)));
        assert_eq!(counts(&next_day(world).await, LOGIN_USERS).reactivated, 1);
        assert_eq!(self.role(3).await.as_deref(), Some("Administrator"));
    }

    async fn is_given_once_to_an_address(&self) {
        let Access { world, people, users, .. } = self;
        let holder = &people[4];
        let before = world.record(LOGIN_USERS, holder).await;
        let second = world.sim.with(|org| {
            let address = org.user(holder).and_then(|user| user.text("email")).unwrap().to_uppercase();
            let second = org.create(NewUser::new("Second", "Account", &address));
            assert!(org.add_to_group(&second, users));
            second
        });
        let report = next_day_with_unsynced(world).await;
        assert_eq!(counts(&report, LOGIN_USERS).unsynced, 1);
        assert_eq!(unsynced(world, LOGIN_USERS, &second).await, Some(RejectionReason::DuplicateIdentifier));
        assert_eq!(world.record(LOGIN_USERS, &second).await, None);
        assert_eq!(world.record(LOGIN_USERS, holder).await, before);
        world.sim.with(|org| assert!(org.set_profile(&second, "email", "second.account@acme.example")));
        assert_eq!(counts(&next_day(world).await, LOGIN_USERS).created, 1);
        assert_eq!(unsynced(world, LOGIN_USERS, &second).await, None);
    }

    /// Whoever is deactivated stays in the groups; who is deleted is gone from everywhere but the log.
    async fn ends_with_the_person(&self) {
        let Access { world, people, .. } = self;
        let [deactivated, deleted, hidden] = [&people[5], &people[6], &people[7]];
        world.sim.with(|org| assert!(org.deactivate(deactivated) && org.delete(deleted) && org.vanish(hidden)));
        let report = next_day(world).await;
        assert_eq!(counts(&report, LOGIN_USERS).deactivated, 2);
        assert_eq!(world.standing(LOGIN_USERS, deactivated).await, Some(Reason::Deactivated));
        assert_eq!(world.standing(LOGIN_USERS, deleted).await, Some(Reason::Deleted));
        // Gone as well, but the log knows of no deletion.
        assert_eq!(world.standing(LOGIN_USERS, hidden).await, None);
        assert_eq!(unsynced(world, LOGIN_USERS, hidden).await, Some(RejectionReason::UnexplainedAbsence));
        world.sim.with(|org| assert!(org.reactivate(deactivated)));
        assert_eq!(counts(&next_day(world).await, LOGIN_USERS).reactivated, 1);
        assert_eq!(self.role(5).await.as_deref(), Some("Viewer"));
    }
}

#[test]
fn asset_panda_login_users_are_filtered_by_group_alone() {
    for (key, value) in [("departments", json!(["Sales"])), ("statuses", json!(["ACTIVE"]))] {
        let mut mapping = login_users();
        mapping["filter"] = json!({ "groups": ["Panda Users"], key: value });
        let expected = format!("mappings[0].filter.{key}: login users are filtered by group only");
        assert_eq!(faults(json!([mapping])), [expected]);
    }
    let missing = "mappings[0].filter.groups: is missing: a mapping of login users needs `filter.groups` or `roles`";
    assert_eq!(faults(json!([{ "preset": LOGIN_USERS }])), [missing]);
}

/// Active people of two departments who are in a group, as records of an entity and a collection of the customer's own.
fn reference_records() -> Value {
    json!({
        "preset": REFERENCE_RECORDS,
        "target": { "kind": "record", "entity": "People", "collection": "EMEA" },
        "filter": { "groups": ["Asset Holders"], "departments": ["engineering ", "Sales"], "statuses": ["ACTIVE"] }
    })
}

#[tokio::test]
async fn asset_panda_reference_records() {
    let world = connected(80, json!([reference_records()])).await;
    let target = Target::Record { entity: "People".to_owned(), collection: "EMEA".to_owned() };
    assert_eq!(world.connection.mappings[0].target, target);
    let holders = world.group("Asset Holders", &world.people(|_| true)[..60]);
    let report = installed(&world).await;
    let records = world.records(REFERENCE_RECORDS).await;
    assert_eq!(counts(&report, REFERENCE_RECORDS).created, records.len() as u64);
    assert!(counts(&report, REFERENCE_RECORDS).excluded > 0, "a group, departments and a status, all three");
    for (id, record) in &records {
        assert_eq!((record.kind, &record.identifier, &record.role), (Kind::Record, id, &None));
        assert_eq!((&record.fields["okta_id"], &record.fields["status"]), (&json!(id), &json!("ACTIVE")));
    }
    let people: Vec<String> = records.into_keys().collect();
    assert!(people.len() >= 6, "{}", people.len());
    each_key_leaves_out(&world, &people, &holders).await;
    two_of_a_name_are_two_records(&world, &people, &holders).await;
    records_end_with_the_person(&world, &people).await;
}

/// One leaves the department, one the group, one the status; and they come back.
async fn each_key_leaves_out(world: &World, people: &[String], holders: &str) {
    let [moved, left, locked] = [&people[0], &people[1], &people[2]];
    let department = world.sim.with(|org| org.user(moved).and_then(|user| user.text("department")).unwrap());
    world.sim.with(|org| {
        assert!(org.move_department(moved, "Legal") && org.remove_from_group(left, holders) && org.lock(locked));
    });
    assert_eq!(counts(&next_day(world).await, REFERENCE_RECORDS).deactivated, 3);
    for person in [moved, left, locked] {
        assert_eq!(world.standing(REFERENCE_RECORDS, person).await, Some(Reason::OutOfScope));
    }
    world.sim.with(|org| {
        assert!(org.move_department(moved, &department) && org.add_to_group(left, holders) && org.unlock(locked));
    });
    assert_eq!(counts(&next_day(world).await, REFERENCE_RECORDS).reactivated, 3);
}

/// The Okta id tells people apart, so neither a name nor an address that two have is a duplicate; nor is a second import.
async fn two_of_a_name_are_two_records(world: &World, people: &[String], holders: &str) {
    let twin = world.sim.with(|org| {
        let user = org.user(&people[3]).unwrap();
        let of = |name: &str| user.text(name).unwrap();
        let twin = NewUser::new(&of("firstName"), &of("lastName"), &of("email")).department("Sales");
        let twin = org.create(twin);
        assert!(org.add_to_group(&twin, holders));
        twin
    });
    assert_eq!(counts(&next_day(world).await, REFERENCE_RECORDS).created, 1);
    assert!(world.record(REFERENCE_RECORDS, &twin).await.is_some());
    let before = world.records(REFERENCE_RECORDS).await;
    assert_eq!(counts(&next_day(world).await, REFERENCE_RECORDS).unchanged, before.len() as u64);
    assert_eq!(world.records(REFERENCE_RECORDS).await, before);
}

async fn records_end_with_the_person(world: &World, people: &[String]) {
    let [deactivated, deleted] = [&people[4], &people[5]];
    world.sim.with(|org| assert!(org.deactivate(deactivated) && org.delete(deleted)));
    assert_eq!(counts(&next_day(world).await, REFERENCE_RECORDS).deactivated, 2);
    assert_eq!(world.standing(REFERENCE_RECORDS, deactivated).await, Some(Reason::Deactivated));
    assert_eq!(world.standing(REFERENCE_RECORDS, deleted).await, Some(Reason::Deleted));
}
