//! Service-discovery: applications, who is assigned to them, and how they are used.

use std::time::Duration;

use futures::TryStreamExt;
use okta_sim::{NewApp, Options, Role};
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::handlers::{Event, Response, service_discovery};
use rollcall_shared::model::{Reason, RejectionReason};
use rollcall_shared::report::RunState;
use serde_json::Value;
use test_support::services::{SERVICES, assert_true, discover, discovered, is_service, world};
use test_support::world::{Setup, World, counts};

const DAY: Duration = Duration::from_secs(86_400);

async fn usual() -> World {
    let setup = Setup { max_deactivations: 5, max_deactivations_percent: 0.0, ..Setup::default() };
    let world = world(40, setup).await;
    discovered(&world).await;
    world.later(Duration::from_secs(3_600));
    world
}

/// An application of this world that people are assigned to and use, and one of those people.
fn used_app(world: &World) -> (String, String) {
    world.sim.with(|org| {
        let sign_on = org.sign_ons().find(|sign_on| org.assignment(&sign_on.user, &sign_on.app).is_some());
        let sign_on = sign_on.unwrap();
        (sign_on.app, sign_on.user)
    })
}

fn log_calls(world: &World) -> usize {
    world.sim.calls().iter().filter(|call| call.path().starts_with("/api/v1/logs")).count()
}

#[tokio::test]
async fn every_service_has_a_record_with_its_people_and_its_use() {
    let world = usual().await;
    let records = world.records(SERVICES).await;
    let services = world.sim.with(|org| org.apps().iter().filter(|app| is_service(app)).count());
    assert_eq!(records.len(), services);
    let (used, user) = used_app(&world);
    let record = &records[&used];
    assert!(record.fields["users_90_days"].as_u64().unwrap() > 0 && record.fields["last_used"].is_string());
    assert!(records.values().any(|record| record.fields["last_used"].is_null()), "some are never used");
    let groups = world.sim.with(|org| {
        let group = org.create_group("Writers");
        assert!(org.add_to_group(&user, &group) && org.assign_group(&group, &used));
        record.fields["assigned_groups"].as_u64().unwrap() + 1
    });
    discovered(&world).await;
    assert_eq!(world.record(SERVICES, &used).await.unwrap().fields["assigned_groups"], groups);
    // Who is assigned can be asked for, too.
    let assigned = world.context.directory.assignments("acme");
    let assigned: Vec<_> = assigned.try_collect().await.unwrap();
    assert!(assigned.iter().any(|(app, (who, _))| *app == used && *who == user));
}

#[tokio::test]
async fn a_further_run_reads_on_in_the_log_and_finds_what_changed() {
    let world = usual().await;
    let (used, user) = used_app(&world);
    let before = log_calls(&world);
    let wiki = world.sim.with(|org| {
        assert!(org.sign_on(&user, &used) && org.fail_sign_on(&user, &used, "INVALID"));
        let wiki = org.create_app(NewApp::new("bookmark", "Wiki").sign_on_mode(Some("BOOKMARK")));
        assert!(org.assign(&user, &wiki) && org.sign_on(&user, &wiki) && org.rename_app(&used, "Renamed"));
        let other = org.assignments(org.app(&used).unwrap()).map(|found| found.user.id.clone()).last().unwrap();
        org.deactivate(&other);
        wiki
    });
    let report = discovered(&world).await;
    assert_eq!(counts(&report, SERVICES).created, 1);
    assert_eq!(world.record(SERVICES, &wiki).await.unwrap().fields["users_7_days"], 1);
    // Two pages of sign-ons, the end, and the log's deletions if anything was out of sight.
    assert!(log_calls(&world) - before <= 4, "{}", log_calls(&world) - before);
    let quiet = discovered(&world).await;
    let counts = counts(&quiet, SERVICES);
    assert_eq!((counts.read, counts.created + counts.updated), (counts.unchanged, 0), "{counts:?}");
}

#[tokio::test]
async fn a_deleted_application_is_inactive_and_one_that_vanished_is_not_called_deleted() {
    let world = usual().await;
    let (used, _) = used_app(&world);
    world.sim.with(|org| assert!(org.deactivate_app(&used) && org.delete_app(&used)));
    discovered(&world).await;
    assert_eq!(world.standing(SERVICES, &used).await, Some(Reason::Deleted));
    // Of another one the credential sees nothing any more.
    let mut seen: Vec<String> = world.sim.with(|org| org.apps().iter().map(|app| app.id.clone()).collect());
    let hidden = some_active_service(&world);
    seen.retain(|id| *id != hidden);
    let people = world.people(|_| true);
    world.sim.set_role(Role::Only(seen.into_iter().chain(people).collect()));
    let report = discover(&world.context).await;
    assert_eq!(counts(&report, SERVICES).unsynced, 1, "{report:?}");
    assert_eq!(world.standing(SERVICES, &hidden).await, None);
    let rows = world.unsynced().await;
    assert!(rows.iter().any(|row| row.id == hidden && row.reason == RejectionReason::UnexplainedAbsence), "{rows:?}");
}

fn some_active_service(world: &World) -> String {
    world.sim.with(|org| {
        let mut active = org.apps().iter().filter(|app| is_service(app) && app.status.as_str() == "ACTIVE");
        active.next_back().unwrap().id.clone()
    })
}

#[tokio::test]
async fn a_run_goes_on_where_its_time_was_up_also_within_the_people_of_one_application() {
    // Of an application's 120 people a page has ten and takes a tenth of a second: no invocation sees all of them.
    let latency = Duration::from_millis(100);
    let okta = Options { page_size_cap: 10, limit_per_minute: 600_000, latency, ..Options::default() };
    let world = world(6, Setup { people: 120, okta, ..Setup::default() }).await;
    world.sim.with(|org| {
        let (app, everyone) = (org.create_app(NewApp::new("bookmark", "Wiki")), org.everyone().to_owned());
        assert!(org.assign_group(&everyone, &app));
    });
    let began = world.sim.with(|org| org.now());
    let mut runs = Vec::new();
    for _ in 0..60 {
        let deadline = Some(tokio::time::Instant::now() + Duration::from_millis(1_200));
        let event = Event { connection: Some("acme".to_owned()), deadline, ..Event::default() };
        let Ok(Response::Run(report)) = Box::pin(service_discovery::handle(&world.context, event)).await else {
            panic!("no run")
        };
        let is_over = report.ended.is_some();
        runs.push(*report);
        if is_over {
            break;
        }
    }
    let last = runs.last().unwrap();
    assert_eq!(last.state, RunState::Succeeded, "{last:?}");
    assert!(runs.len() > 3 && runs.iter().all(|run| run.run == last.run), "{} invocations", runs.len());
    assert_true(&world, began).await;
}

#[tokio::test]
async fn a_list_without_okta_s_own_applications_is_not_believed() {
    let world = usual().await;
    let before = world.records(SERVICES).await;
    let services: Vec<String> =
        world.sim.with(|org| org.apps().iter().filter(|app| is_service(app)).map(|app| app.id.clone()).collect());
    for role in [Role::None, Role::Only(services.into_iter().take(9).collect())] {
        world.sim.set_role(role);
        let report = discover(&world.context).await;
        assert_eq!(report.state, RunState::Blind, "{report:?}");
        assert_eq!(world.records(SERVICES).await, before);
    }
}

#[tokio::test]
async fn use_is_unknown_and_not_none_where_the_log_may_not_be_read() {
    let world = world(40, Setup::default()).await;
    world.sim.set_role(Role::NoLog);
    let report = discover(&world.context).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains("use of applications is not known")), "{report:?}");
    for record in world.records(SERVICES).await.values() {
        for field in ["last_used", "users_90_days", "idle_users", "observed_since"] {
            assert_eq!(record.fields[field], Value::Null, "{field}");
        }
        assert!(record.fields["assigned_users"].is_u64());
    }
}

#[tokio::test]
async fn a_gap_in_the_log_is_told_and_what_is_known_begins_anew() {
    let world = usual().await;
    let (used, user) = used_app(&world);
    let since = |records: &std::collections::BTreeMap<String, rollcall_shared::model::Record>| {
        records[&used].fields["observed_since"].as_str().unwrap().to_owned()
    };
    let before = since(&world.records(SERVICES).await);
    world.later(DAY * 20);
    discovered(&world).await;
    assert_eq!(since(&world.records(SERVICES).await), before, "looked at in time, nothing is lost");
    world.later(DAY * 95);
    world.sim.with(|org| assert!(org.sign_on(&user, &used)));
    let report = discovered(&world).await;
    assert!(report.warnings.iter().any(|warning| warning.contains("has lost sign-ons")), "{report:?}");
    assert!(since(&world.records(SERVICES).await) > before);
}

#[tokio::test]
async fn verify_says_whether_applications_are_in_sight() {
    let world = world(40, Setup::default()).await;
    let apps = async || {
        let checks = verify(&world.context, "acme").await.unwrap();
        checks.into_iter().find(|check| check.api == "/api/v1/apps").unwrap()
    };
    assert!(apps().await.ok);
    for role in [Role::NoApps, Role::None] {
        world.sim.set_role(role);
        assert!(!apps().await.ok);
    }
    world.sim.set_role(Role::ReadOnlyAdmin);
    let began = world.sim.with(|org| org.now());
    discover(&world.context).await;
    assert_true(&world, began).await;
}
