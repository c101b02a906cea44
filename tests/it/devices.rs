//! Devices: every one of them is in the directory as Okta has it, with who holds it and who held it last.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Malformed, Match, NewDevice, Pipeline, Role, ScreenLock};
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Reason, RejectionReason, State};
use rollcall_shared::report::RunState;
use serde_json::{Value, json};
use test_support::devices::{DEVICES, assert_true, collect, collected, world};
use test_support::world::{Job, Setup, World, counts, problem};

/// How long a complete collection lasts.
const DAY: Duration = Duration::from_secs(86_400);

async fn usual() -> World {
    let world = world(60, Setup::default()).await;
    // As an operator does: it pins the connection to the org.
    verify(&world.context, "acme").await.unwrap();
    collected(&world).await;
    world
}

/// The id of an active device that somebody holds, and of its holder.
fn held_device(world: &World) -> (String, String) {
    world.sim.with(|org| {
        let device = org.devices().find(|device| device.status.as_str() == "ACTIVE" && device.links.len() == 1);
        device.map(|device| (device.id.clone(), device.links[0].user.clone())).unwrap()
    })
}

fn calls(world: &World) -> Vec<String> {
    world.sim.calls().into_iter().map(|call| call.path_and_query).collect()
}

async fn field(world: &World, id: &str, name: &str) -> Value {
    world.record(DEVICES, id).await.unwrap().fields[name].clone()
}

#[tokio::test]
async fn every_device_arrives_in_as_many_calls_as_there_are_pages() {
    let world = world(60, Setup::default()).await;
    let report = collected(&world).await;
    let devices = world.sim.with(|org| org.devices().count()) as u64;
    assert_eq!(counts(&report, DEVICES).read, devices);
    assert_eq!(report.mappings.len(), 1, "people are another job's: {report:?}");
    // Pages of seven, and the policies.
    assert_eq!(report.okta.calls, devices.div_ceil(7) + 1, "{:#?}", calls(&world));
    let records = world.records(DEVICES).await;
    assert!(records.values().any(|record| record.state == State::Inactive));
    assert!(records.values().any(|record| record.fields["assurance"].as_array().is_some_and(|of| !of.is_empty())));
}

#[tokio::test]
async fn a_collection_after_which_nothing_changed_asks_little_and_writes_nothing() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let before = world.records(DEVICES).await;
    world.sim.clear_calls();
    let report = collected(&world).await;
    assert_eq!(report.okta.calls, 3, "policies, search and log: {:#?}", calls(&world));
    assert!(report.mappings.values().all(|counts| counts.read == 0), "{report:?}");
    assert!(report.dynamodb.write_units < 12.0, "lease, run and watermark: {:?}", report.dynamodb);
    // A day later all are looked at, and still nothing is written but the run's own items.
    world.later(DAY);
    let report = collected(&world).await;
    let all = counts(&report, DEVICES);
    assert_eq!((all.read, all.unchanged), (before.len() as u64, before.len() as u64));
    assert_eq!(world.records(DEVICES).await, before);
}

#[tokio::test]
async fn what_changes_is_followed_within_the_next_run() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let (device, holder) = held_device(&world);
    let people = world.active();
    let other = people.iter().find(|id| **id != holder).unwrap();
    let new = world.sim.with(|org| {
        assert!(org.update_os(&device, "99.1"));
        org.enroll_device(other, NewDevice::new("WINDOWS", "NEW-1").with("osVersion", "10.0.22631")).unwrap()
    });
    let report = collected(&world).await;
    assert_eq!((counts(&report, DEVICES).created, counts(&report, DEVICES).updated), (1, 1), "{report:?}");
    assert_eq!(field(&world, &device, "os_version").await, "99.1");
    assert_eq!(field(&world, &new, "holder").await["id"], other.as_str());
}

#[tokio::test]
async fn who_gives_a_device_back_is_its_last_holder_though_nothing_else_moves() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let (device, holder) = held_device(&world);
    let people = world.active();
    let next = people.iter().find(|id| **id != holder).unwrap();
    world.sim.with(|org| {
        assert!(org.remove_device_user(&device, &holder));
        assert!(org.add_device_user(&device, next));
    });
    // Search does not show it: only the log does.
    world.sim.with(|org| org.set_index_lag(DAY));
    collected(&world).await;
    assert_eq!(field(&world, &device, "holder").await["id"], next.as_str());
    assert_eq!(field(&world, &device, "last_holder").await["id"], holder.as_str());
}

#[tokio::test]
async fn a_deactivated_device_is_inactive_and_its_last_holder_is_kept() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let (device, holder) = held_device(&world);
    world.sim.with(|org| assert!(org.deactivate_device(&device)));
    let report = collected(&world).await;
    assert_eq!(counts(&report, DEVICES).deactivated, 1);
    let record = world.record(DEVICES, &device).await.unwrap();
    assert_eq!((record.state, record.reason), (State::Inactive, Some(Reason::Deactivated)));
    assert_eq!((&record.fields["holder"], &record.fields["holders"]), (&Value::Null, &json!([])));
    assert_eq!(record.fields["last_holder"]["id"], holder.as_str());
    assert!(record.fields["last_holder"]["since"].is_string() && record.fields["last_holder"]["until"].is_string());
    // For good: also when somebody else gets it.
    world.later(Duration::from_secs(3_600));
    let people = world.active();
    let next = people.iter().find(|id| **id != holder).unwrap();
    world.sim.with(|org| assert!(org.activate_device(&device) && org.add_device_user(&device, next)));
    collected(&world).await;
    assert_eq!(world.standing(DEVICES, &device).await, None);
    assert_eq!(field(&world, &device, "last_holder").await["id"], holder.as_str());
}

#[tokio::test]
async fn a_suspended_device_is_inactive_and_comes_back() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let (device, holder) = held_device(&world);
    world.sim.with(|org| assert!(org.suspend_device(&device)));
    collected(&world).await;
    assert_eq!(world.standing(DEVICES, &device).await, Some(Reason::Suspended));
    assert_eq!(field(&world, &device, "holder").await["id"], holder.as_str(), "a suspension takes it from nobody");
    world.later(Duration::from_secs(3_600));
    world.sim.with(|org| assert!(org.unsuspend_device(&device)));
    collected(&world).await;
    assert_eq!(world.standing(DEVICES, &device).await, None);
}

#[tokio::test]
async fn a_malformed_device_is_unsynced_and_the_others_arrive() {
    let world = world(200, Setup { okta: okta_sim::Options::default(), ..Setup::default() }).await;
    world.sim.inject(Fault::new(Match::path("/api/v1/devices"), FaultKind::MalformedObject(Malformed::NullProfile)));
    let report = collect(&world.context).await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    let counts = counts(&report, DEVICES);
    assert_eq!((counts.read, counts.unsynced), (200, 1));
    let [row] = &world.unsynced().await[..] else { panic!("one row") };
    assert_eq!(row.reason, RejectionReason::Malformed);
    world.sim.clear_faults();
    world.later(DAY);
    collected(&world).await;
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn what_nobody_has_heard_of_is_kept_as_it_is() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let person = world.active().remove(0);
    let device = world.sim.with(|org| {
        let new = NewDevice::new("TOASTER", "T-1")
            .with("diskEncryptionType", "QUANTUM")
            .with("cupsOfCoffee", 7)
            .screen_lock(ScreenLock::Biometric);
        let id = org.enroll_device(&person, new).unwrap();
        assert!(org.set_device_status(&id, okta_sim::DeviceStatus::Other("DREAMING")));
        id
    });
    let report = collected(&world).await;
    let record = world.record(DEVICES, &device).await.unwrap();
    assert_eq!((record.state, record.okta_status.as_str()), (State::Active, "DREAMING"));
    assert_eq!((&record.fields["platform"], &record.fields["disk_encryption"]), (&json!("TOASTER"), &json!("QUANTUM")));
    assert_eq!(record.fields["disk_encrypted"], Value::Null);
    assert!(report.warnings.iter().any(|warning| warning.contains("devices of a status never heard of")), "{report:?}");
}

#[tokio::test]
async fn policies_that_change_have_every_device_looked_at_again() {
    let world = usual().await;
    world.later(Duration::from_secs(3_600));
    let policy = world.sim.with(|org| org.add_policy("No jailbreak", "IOS", json!({ "jailbreak": false })));
    let report = collected(&world).await;
    let records = world.records(DEVICES).await;
    assert_eq!(counts(&report, DEVICES).read, records.len() as u64);
    for record in records.values().filter(|record| record.fields["platform"] == "IOS") {
        let verdicts = record.fields["assurance"].as_array().unwrap();
        let verdict = verdicts.iter().find(|verdict| verdict["id"] == policy.as_str()).unwrap();
        let expected = match &record.fields["jailbroken"] {
            Value::Bool(true) => "not_met",
            Value::Bool(false) => "met",
            _ => "unknown",
        };
        assert_eq!(verdict["verdict"], expected, "{record:?}");
    }
}

#[tokio::test]
async fn where_devices_cannot_be_shown_the_report_says_so_and_never_that_there_are_none() {
    let of_classic = world(20, Setup::default()).await;
    of_classic.sim.with(|org| org.set_pipeline(Pipeline::Classic));
    let report = collect(&of_classic.context).await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "devices-not-available"));
    assert!(report.problem.unwrap().detail.contains("Classic"));

    let without_role = usual().await;
    without_role.sim.set_role(Role::NoDevices);
    without_role.later(DAY);
    let report = collect(&without_role.context).await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "devices-not-permitted"));
    assert_true(&without_role).await;
}

#[tokio::test]
async fn two_collections_at_once_are_one_run() {
    let world = world(60, Setup::default()).await;
    let other = world.new_process().await;
    let (one, two) = tokio::join!(collect(&world.context), collect(&other));
    assert_eq!(one.run, two.run);
    assert_true(&world).await;
    assert_eq!(one.job, Job::DeviceCollection);
}
