//! Groups: who gets a record, and with which role, follows who is in them; that somebody left one is never believed of a
//! list alone.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, NewUser};
use rollcall_shared::model::{Reason, Record};
use rollcall_shared::report::RunState;
use serde_json::{Value, json};
pub(super) use test_support::world::logins;
use test_support::world::{LOGINS, PEOPLE, STAFF, Setup, World, counts, import, problem};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A mapping of active people of the group Staff in two departments.
fn staff() -> Value {
    json!({
        "name": STAFF,
        "source": "users",
        "target": { "kind": "record", "entity": "Person", "collection": "Staff" },
        "identifier": "id",
        "filter": { "groups": ["Staff"], "departments": ["Engineering", "Sales"], "statuses": ["ACTIVE"] },
        "fields": { "email": "profile.email", "title": "profile.title" }
    })
}

/// A mapping that admits everyone.
fn everyone() -> Value {
    let document = test_support::world::document(&Setup::default(), "http://127.0.0.1:1");
    document["mappings"][0].clone()
}

struct Scene {
    world: World,
    /// Of Admins and Users: two in both, two in Admins, the others in Users; all active.
    people: Vec<String>,
    admins: String,
    users: String,
}

/// An org of forty with these groups, not imported yet.
async fn scene(mappings: &[Value]) -> Scene {
    let mut world = World::of(40).await;
    let people = world.active()[..14].to_vec();
    let admins = world.group("Admins", &people[..4]);
    let users = world.group("Users", &[&people[..2], &people[4..]].concat());
    world.group("Staff", &world.people(|_| true)[..25]);
    world.reconnect(|document| document["mappings"] = json!(mappings)).await;
    Scene { world, people, admins, users }
}

/// The scene, imported a day ago.
async fn arrived(mappings: &[Value]) -> Scene {
    let scene = scene(mappings).await;
    scene.world.imported().await;
    scene.world.later(DAY);
    scene
}

/// Either way in which members are read: by group alone, or beside a mapping that admits everyone.
fn ways() -> [Vec<Value>; 2] {
    [vec![logins()], vec![logins(), everyone()]]
}

fn listings(world: &World) -> Vec<String> {
    let calls = world.sim.calls().into_iter();
    let lists = calls.filter(|call| call.path().starts_with("/api/v1/groups/") && call.path().ends_with("/users"));
    lists.map(|call| call.path_and_query).collect()
}

/// How many pages of all people were asked for.
pub(super) fn lists_of_users(world: &World) -> usize {
    let calls = world.sim.calls().into_iter();
    calls.filter(|call| call.path_and_query.contains("search=") && call.path() == "/api/v1/users").count()
}

async fn login(world: &World, id: &str) -> Record {
    world.record(LOGINS, id).await.unwrap_or_else(|| panic!("{id} has no record"))
}

#[tokio::test]
async fn the_first_role_of_two_wins() {
    for mappings in ways() {
        let Scene { world, people, .. } = scene(&mappings).await;
        let report = world.imported().await;
        assert_eq!(counts(&report, LOGINS).created, 14);
        for (person, role) in [(0, "administrator"), (1, "administrator"), (3, "administrator"), (4, "viewer")] {
            assert_eq!(login(&world, &people[person]).await.role.as_deref(), Some(role), "{person}");
        }
        let before = world.records(LOGINS).await;
        let again = world.imported().await;
        assert_eq!(counts(&again, LOGINS).unchanged, 14);
        assert_eq!(world.records(LOGINS).await, before);
    }
}

#[tokio::test]
async fn another_order_of_roles_changes_those_who_are_in_both_and_nobody_else() {
    for mappings in ways() {
        let Scene { mut world, people, .. } = arrived(&mappings).await;
        let before = world.records(LOGINS).await;
        world
            .reconnect(|document| document["mappings"][0]["roles"].as_array_mut().expect("there are roles").reverse())
            .await;
        let report = world.imported().await;
        assert_eq!((counts(&report, LOGINS).updated, counts(&report, LOGINS).unchanged), (2, 12));
        for (id, record) in world.records(LOGINS).await {
            assert_eq!(record.revision != before[&id].revision, people[..2].contains(&id), "{id}");
        }
    }
}

#[tokio::test]
async fn two_mappings_may_order_the_same_groups_differently() {
    let mut other = logins();
    other["name"] = json!("other");
    other["roles"].as_array_mut().expect("there are roles").reverse();
    let Scene { world, people, .. } = scene(&[logins(), other]).await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    for id in &people[..2] {
        assert_eq!(login(&world, id).await.role.as_deref(), Some("administrator"));
        assert_eq!(world.record("other", id).await.unwrap().role.as_deref(), Some("viewer"));
    }
    assert_eq!(report.mappings.values().map(|counts| counts.created).collect::<Vec<_>>(), [14, 14]);
}

#[tokio::test]
async fn who_leaves_the_last_group_is_out_of_scope_and_who_leaves_one_of_two_is_not() {
    for mappings in ways() {
        let Scene { world, people, admins, users } = arrived(&mappings).await;
        world.sim.with(|org| {
            assert!(org.remove_from_group(&people[0], &admins) && org.remove_from_group(&people[3], &admins));
            assert!(org.remove_from_group(&people[1], &users));
        });
        let report = world.imported().await;
        assert_eq!((counts(&report, LOGINS).deactivated, counts(&report, LOGINS).updated), (1, 1), "{report:?}");
        assert_eq!(login(&world, &people[0]).await.role.as_deref(), Some("viewer"));
        assert_eq!(login(&world, &people[1]).await.role.as_deref(), Some("administrator"));
        assert_eq!(world.standing(LOGINS, &people[3]).await, Some(Reason::OutOfScope));
        world.sim.with(|org| org.add_to_group(&people[3], &users));
        let report = world.imported().await;
        assert_eq!(counts(&report, LOGINS).reactivated, 1);
        assert_eq!(login(&world, &people[3]).await.role.as_deref(), Some("viewer"));
    }
}

#[tokio::test]
async fn a_list_of_members_that_leaves_people_out_deactivates_nobody() {
    for mappings in ways() {
        let Scene { world, .. } = arrived(&mappings).await;
        let before = world.records(LOGINS).await;
        for what in [FaultKind::EmptyList, FaultKind::MissingObject] {
            world.sim.inject(Fault::new(Match::path("/api/v1/groups/").query("limit=200"), what).times(1));
            let report = world.import().await;
            assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
            assert_eq!(counts(&report, LOGINS).deactivated, 0, "{report:?}");
            assert!(world.records(LOGINS).await.keys().eq(before.keys()));
            world.sim.clear_faults();
        }
        world.imported().await;
    }
}

#[tokio::test]
async fn a_list_of_members_that_breaks_off_changes_no_membership() {
    for mappings in ways() {
        let Scene { world, people, users, .. } = arrived(&mappings).await;
        let stored = world.members(&users).await;
        let before = world.records(LOGINS).await;
        world.sim.with(|org| assert!(org.remove_from_group(&people[5], &users)));
        let second_page = Match::path(&format!("/api/v1/groups/{users}/users")).query("after=");
        world.sim.inject(Fault::new(second_page, FaultKind::Status(503)).times(5));
        let report = world.import().await;
        assert_eq!(report.state, RunState::Failed);
        assert_eq!((world.members(&users).await, world.records(LOGINS).await), (stored, before));
        world.imported().await;
        assert_eq!(world.standing(LOGINS, &people[5]).await, Some(Reason::OutOfScope));
    }
}

#[tokio::test]
async fn a_missing_or_ambiguous_group_stops_its_mapping_and_no_other() {
    for ambiguous in [false, true] {
        let Scene { mut world, people, .. } = arrived(&[logins(), everyone()]).await;
        let before = world.records(LOGINS).await;
        if ambiguous {
            world.sim.with(|org| {
                org.create_app_group("Managers");
                org.create_app_group("Managers");
            });
        }
        world.reconnect(|document| document["mappings"][0]["roles"][1]["group"] = json!("Managers")).await;
        world.sim.with(|org| assert!(org.rename(&people[0], "Grace", "Hopper")));
        world.later(DAY);
        let report = world.import().await;
        let expected = if ambiguous { "group-ambiguous" } else { "group-missing" };
        assert_eq!((report.state, problem(&report)), (RunState::Failed, expected));
        let detail = report.problem.unwrap().detail;
        assert!(detail.contains(LOGINS) && detail.contains("Managers"), "{detail}");
        assert_eq!(world.records(LOGINS).await, before);
        assert_eq!(world.record(PEOPLE, &people[0]).await.unwrap().fields["name"], "Grace Hopper");
    }
}

#[tokio::test]
async fn a_group_that_is_deleted_deactivates_nobody() {
    let Scene { world, users, .. } = arrived(&[logins()]).await;
    let before = world.records(LOGINS).await;
    world.sim.with(|org| assert!(org.delete_group(&users)));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "group-missing"));
    assert_eq!(world.records(LOGINS).await, before);
}

#[tokio::test]
async fn a_renamed_group_goes_on_by_its_id_with_a_warning() {
    for mappings in ways() {
        let Scene { world, people, users, .. } = arrived(&mappings).await;
        world.sim.with(|org| {
            assert!(org.rename_group(&users, "Viewers") && org.remove_from_group(&people[6], &users));
        });
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
        assert_eq!((counts(&report, LOGINS).unchanged, counts(&report, LOGINS).deactivated), (13, 1));
        let warns = report.warnings.iter().any(|warning| warning.contains("Users") && warning.contains("Viewers"));
        assert!(warns, "{:?}", report.warnings);
    }
}

#[tokio::test]
async fn a_group_may_be_named_by_its_id() {
    let Scene { mut world, users, .. } = scene(&[logins()]).await;
    world.reconnect(|document| document["mappings"][0]["roles"][1]["group"] = json!(users)).await;
    assert_eq!(counts(&world.imported().await, LOGINS).created, 14);
}

#[tokio::test]
async fn groups_departments_and_statuses_combine() {
    for mappings in [vec![staff()], vec![staff(), everyone()]] {
        let Scene { world, .. } = arrived(&mappings).await;
        let records = world.records(STAFF).await;
        assert!(!records.is_empty());
        let person = records.keys().next().unwrap().clone();
        world.sim.with(|org| assert!(org.move_department(&person, "Legal")));
        world.later(DAY);
        assert_eq!(counts(&world.imported().await, STAFF).deactivated, 1);
        world.sim.with(|org| assert!(org.move_department(&person, "Sales")));
        world.later(DAY);
        assert_eq!(counts(&world.imported().await, STAFF).reactivated, 1);
    }
}

#[tokio::test]
async fn a_deactivated_member_is_inactive_and_judged_by_their_groups_when_they_come_back() {
    for mappings in ways() {
        let Scene { world, people, users, .. } = arrived(&mappings).await;
        world.sim.with(|org| people[4..6].iter().for_each(|id| assert!(org.deactivate(id))));
        world.later(DAY);
        assert_eq!(counts(&world.imported().await, LOGINS).deactivated, 2);
        assert_eq!(world.standing(LOGINS, &people[4]).await, Some(Reason::Deactivated));
        world.sim.with(|org| {
            assert!(org.remove_from_group(&people[5], &users));
            people[4..6].iter().for_each(|id| assert!(org.reactivate(id)));
        });
        world.later(DAY);
        assert_eq!(counts(&world.imported().await, LOGINS).reactivated, 1);
        assert_eq!(world.standing(LOGINS, &people[5]).await, Some(Reason::OutOfScope));
    }
}

#[tokio::test]
async fn a_login_user_begins_active() {
    for mappings in ways() {
        let Scene { world, users, .. } = scene(&mappings).await;
        let staged = world.sim.with(|org| {
            let staged = org.create(NewUser::new("Not", "Yet", "not.yet@acme.example").staged());
            assert!(org.add_to_group(&staged, &users));
            staged
        });
        world.later(DAY);
        let report = world.imported().await;
        assert!(counts(&report, LOGINS).excluded >= 1);
        assert_eq!(world.record(LOGINS, &staged).await, None);
    }
}

#[tokio::test]
async fn a_deleted_member_is_deleted() {
    let Scene { world, people, .. } = arrived(&[logins()]).await;
    world.sim.with(|org| assert!(org.delete(&people[0])));
    world.later(DAY);
    assert_eq!(counts(&world.imported().await, LOGINS).deactivated, 1);
    assert_eq!(world.standing(LOGINS, &people[0]).await, Some(Reason::Deleted));
}

#[tokio::test]
async fn everyone_as_a_mapped_group_is_all_users_and_is_not_listed() {
    let mut all = logins();
    all["roles"][1]["group"] = json!("Everyone");
    let Scene { world, .. } = scene(&[all]).await;
    world.imported().await;
    assert!(lists_of_users(&world) > 0);
    assert!(listings(&world).iter().all(|list| list.starts_with("/api/v1/groups/")) && listings(&world).len() == 1);
}

#[tokio::test]
async fn an_import_that_broke_off_in_a_group_is_taken_up_there() {
    for mappings in ways() {
        let Scene { world, users, .. } = scene(&mappings).await;
        let second_page = Match::path(&format!("/api/v1/groups/{users}/users")).query("after=");
        world.sim.inject(Fault::new(second_page, FaultKind::Status(503)).times(5));
        let broken = world.import().await;
        assert_eq!(broken.state, RunState::Failed);
        world.sim.clear_calls();
        let report = import(&world.new_process().await, &world.connection.name).await.expect("a run is opened");
        assert_eq!((report.state, &report.run), (RunState::Succeeded, &broken.run), "{:?}", report.problem);
        assert_eq!((counts(&report, LOGINS).created, listings(&world).len()), (14, 1));
        assert!(report.mappings.values().all(|counts| counts.add_up()));
        world.assert_true().await;
    }
}
