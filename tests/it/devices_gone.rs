//! Devices that are gone: confirmed by id and by the log, and never because a list was empty or a cursor failed.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::model::{Job, Reason, RejectionReason};
use rollcall_shared::report::RunState;
use test_support::devices::{DEVICES, assert_true, collect, collected, world};
use test_support::wire::{Cut, When, Wire};
use test_support::world::{Setup, World, counts};

const DAY: Duration = Duration::from_secs(86_400);

async fn usual() -> World {
    let setup = Setup { max_deactivations: 5, max_deactivations_percent: 0.0, ..Setup::default() };
    let world = world(60, setup).await;
    collected(&world).await;
    world.later(Duration::from_secs(3_600));
    world
}

fn some_devices(world: &World, count: usize) -> Vec<String> {
    world.sim.with(|org| {
        let active = org.devices().filter(|device| device.status.as_str() == "ACTIVE");
        active.map(|device| device.id.clone()).take(count).collect()
    })
}

fn delete(world: &World, device: &str) {
    world.sim.with(|org| assert!(org.deactivate_device(device) && org.delete_device(device)));
}

#[tokio::test]
async fn a_deleted_device_is_inactive_after_the_next_run() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    delete(&world, &device);
    let report = collected(&world).await;
    assert_eq!(counts(&report, DEVICES).deactivated, 1, "{report:?}");
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Deleted));
    // Once is enough.
    world.later(DAY);
    let report = collected(&world).await;
    assert_eq!(counts(&report, DEVICES).deactivated, 0);
}

#[tokio::test]
async fn a_complete_list_finds_what_was_deleted_meanwhile() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    world.later(DAY);
    delete(&world, &device);
    let report = collected(&world).await;
    assert_eq!(counts(&report, DEVICES).read, 60, "{report:?}");
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Deleted));
}

#[tokio::test]
async fn a_device_that_vanished_without_a_trace_is_not_called_deleted() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    world.later(DAY);
    world.sim.with(|org| assert!(org.vanish_device(&device)));
    let report = collect(&world.context).await;
    assert_eq!((report.state, counts(&report, DEVICES).unsynced), (RunState::Succeeded, 1), "{report:?}");
    assert_eq!(world.standing(DEVICES, &device).await, None);
    let [row] = &world.unsynced().await[..] else { panic!("one row") };
    assert_eq!((row.id.as_str(), row.reason), (device.as_str(), RejectionReason::UnexplainedAbsence));
}

#[tokio::test]
async fn without_the_log_a_gone_device_is_missing_and_waits() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    delete(&world, &device);
    world.sim.set_role(Role::NoLog);
    let report = collect(&world.context).await;
    assert_eq!((report.state, counts(&report, DEVICES).held), (RunState::Held, 1), "{report:?}");
    assert_eq!(world.standing(DEVICES, &device).await, None);
    assert_eq!(world.held().await, [(DEVICES.to_owned(), device.clone())]);
    // A person agrees.
    rollcall_shared::handlers::approve::approve(&world.context, &report.run).await.unwrap();
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Missing));
}

#[tokio::test]
async fn an_empty_list_where_devices_are_known_is_blind() {
    let world = usual().await;
    world.later(DAY);
    let before = world.records(DEVICES).await;
    world.sim.set_role(Role::None);
    let report = collect(&world.context).await;
    assert_eq!(report.state, RunState::Blind, "{report:?}");
    assert_eq!(world.records(DEVICES).await, before);
    world.sim.set_role(Role::default());
    collected(&world).await;
}

#[tokio::test]
async fn an_empty_answer_to_what_changed_is_not_believed_without_a_witness() {
    let world = usual().await;
    let before = world.records(DEVICES).await;
    world.sim.set_role(Role::None);
    let report = collect(&world.context).await;
    assert_eq!(report.state, RunState::Blind, "{report:?}");
    assert_eq!(world.records(DEVICES).await, before);
}

#[tokio::test]
async fn a_search_that_shows_no_witness_has_all_devices_looked_at() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    world.sim.with(|org| assert!(org.update_os(&device, "99.1")));
    // The group Everyone is in sight, and the search alone is empty.
    let search = Match::path("/api/v1/devices").query("search=");
    world.sim.inject(Fault::new(search, FaultKind::EmptyList).times(1));
    let report = collected(&world).await;
    assert_eq!((counts(&report, DEVICES).read, counts(&report, DEVICES).updated), (60, 1), "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains("left out devices")), "{report:?}");
}

#[tokio::test]
async fn a_device_that_goes_after_the_list_showed_it_is_counted_once() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    // The index still has it as it was before it went.
    world.sim.with(|org| {
        assert!(org.update_os(&device, "99.1"));
        org.set_now(org.now() + Duration::from_secs(120));
        org.set_index_lag(Duration::from_secs(60));
        assert!(org.deactivate_device(&device) && org.delete_device(&device));
    });
    let report = collect(&world.context).await;
    let counts = counts(&report, DEVICES);
    assert_eq!((counts.read, counts.deactivated), (1, 1), "{report:?}");
    assert!(counts.add_up(), "{report:?}");
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Deleted));
}

#[tokio::test]
async fn one_device_that_nothing_explains_does_not_have_all_looked_at_every_hour() {
    let world = usual().await;
    let device = some_devices(&world, 1).remove(0);
    world.later(DAY);
    world.sim.with(|org| assert!(org.vanish_device(&device)));
    assert_eq!(counts(&collect(&world.context).await, DEVICES).unsynced, 1);
    world.later(Duration::from_secs(3_600));
    let report = collect(&world.context).await;
    assert_eq!((report.state, counts(&report, DEVICES).read), (RunState::Succeeded, 0), "{report:?}");
}

#[tokio::test]
async fn a_device_that_went_before_a_first_run_ended_is_explained_by_the_log() {
    let world = world(60, Setup::default()).await;
    let device = some_devices(&world, 1).remove(0);
    // The first run breaks off after it has written records, and is not gone on with for a day.
    world.sim.inject(Fault::new(Match::path("/api/v1/devices").skip(8), FaultKind::Status(404)).times(1));
    let report = collect(&world.context).await;
    assert_eq!(report.state, RunState::Failed, "{report:?}");
    assert!(world.record(DEVICES, &device).await.is_some(), "it was on one of the first pages");
    delete(&world, &device);
    world.later(Duration::from_secs(40 * 3_600));
    collected(&world).await;
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Deleted));
}

#[tokio::test]
async fn a_collection_leaves_people_who_wait_for_an_identifier_to_the_jobs_of_people() {
    let mut world = usual().await;
    let people = world.active();
    let group = world.group("Staff", &people[..4]);
    let named = serde_json::json!({
        "name": "named", "source": "users", "identifier": "profile.nickName", "fields": { "name": "profile.lastName" },
        "target": { "kind": "record", "entity": "Person", "collection": "Okta" }, "filter": { "groups": [group] },
    });
    world.reconnect(|document| document["mappings"].as_array_mut().unwrap().push(named)).await;
    let (holder, waiter) = (people[0].clone(), people[1].clone());
    world.sim.with(|org| {
        people[..4].iter().for_each(|id| assert!(org.set_profile(id, "nickName", id.as_str())));
        assert!(org.set_profile(&holder, "nickName", "ada") && org.set_profile(&waiter, "nickName", "ada"));
    });
    world.import().await;
    let unsynced = world.unsynced().await;
    let unsynced: Vec<&str> = unsynced.iter().filter(|row| row.mapping == "named").map(|row| row.id.as_str()).collect();
    let [waits] = unsynced[..] else { panic!("one of the two waits: {unsynced:?}") };
    world.wake("named", "ada").await;
    world.later(Duration::from_secs(3_600));
    collect(&world.context).await;
    let rows = world.unsynced().await;
    assert!(rows.iter().any(|row| row.mapping == "named" && row.id == waits), "nobody has looked at them: {rows:?}");
}

#[tokio::test]
async fn a_list_that_leaves_some_out_costs_nobody_a_device() {
    let world = usual().await;
    world.later(DAY);
    // One of each page.
    world.sim.inject(Fault::new(Match::path("/api/v1/devices?"), FaultKind::MissingObject).times(8));
    let report = collected(&world).await;
    assert_eq!(counts(&report, DEVICES).unchanged, 60, "{report:?}");
}

#[tokio::test]
async fn too_many_unexplained_absences_are_blind() {
    let world = usual().await;
    world.later(DAY);
    for device in some_devices(&world, 12) {
        world.sim.with(|org| assert!(org.vanish_device(&device)));
    }
    let before = world.records(DEVICES).await;
    let report = collect(&world.context).await;
    assert_eq!(report.state, RunState::Blind, "{report:?}");
    assert_eq!(world.records(DEVICES).await, before);
}

#[tokio::test]
async fn more_leavers_than_the_guard_allows_wait_for_approval() {
    let world = usual().await;
    let devices = some_devices(&world, 7);
    world.sim.with(|org| devices.iter().for_each(|device| assert!(org.deactivate_device(device))));
    let report = collect(&world.context).await;
    assert_eq!((report.state, counts(&report, DEVICES).held), (RunState::Held, 7), "{report:?}");
    // A full import of people has nothing to say of them: they go on waiting.
    let people = world.import().await;
    assert_eq!(people.state, RunState::Held, "{people:?}");
    assert_eq!(world.held().await.len(), 7);
    rollcall_shared::handlers::approve::approve(&world.context, &report.run).await.unwrap();
    assert_true(&world).await;
}

#[tokio::test]
async fn a_lost_cursor_begins_the_list_again() {
    let world = usual().await;
    world.later(DAY);
    world.sim.inject(Fault::new(Match::path("/api/v1/devices").skip(3), FaultKind::ExpiredCursor));
    let mut report = collect(&world.context).await;
    for _ in 0..3 {
        if report.state == RunState::Succeeded {
            break;
        }
        report = collect(&world.context).await;
    }
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert_true(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_that_was_taken_up_under_a_lost_role_could_not_tell_of_is_looked_at_again() {
    let wire = Wire::default();
    let world = world(60, Setup { max_deactivations: 500, wire: Some(wire.clone()), ..Setup::default() }).await;
    collected(&world).await;
    let calls = {
        deactivated(&world);
        wire.mend();
        collected(&world).await;
        wire.calls()
    };
    let mut undecided = 0;
    for ago in (1..calls).step_by(2) {
        let device = deactivated(&world);
        let process = world.new_process().await;
        let cut = Cut { at: calls - ago, when: When::BeforeItsEffect };
        wire.kill(cut, async move { collect(&process).await }).await;
        world.let_the_lease_lapse(Job::DeviceCollection).await;
        world.later(Duration::from_secs(1_800));
        world.sim.set_role(Role::None);
        let report = collect(&world.context_of(Job::DeviceCollection).await).await;
        let stale = report.mappings.get(DEVICES).map_or(0, |counts| counts.stale);
        undecided += u32::from(report.state == RunState::Succeeded && stale > 0);
        world.sim.set_role(Role::ReadOnlyAdmin);
        collected(&world).await;
        let standing = world.standing(DEVICES, &device).await;
        assert_eq!(standing, Some(Reason::Deactivated), "killed {ago} calls before its end: {report:?}");
    }
    assert!(undecided > 0, "no kill was between the decision on a deactivation and its write");
}

/// A device that was deactivated an hour after whatever was before.
fn deactivated(world: &World) -> String {
    world.later(Duration::from_secs(3_600));
    let device = some_devices(world, 1).remove(0);
    world.sim.with(|org| assert!(org.deactivate_device(&device)));
    world.later(Duration::from_secs(3_600));
    device
}
