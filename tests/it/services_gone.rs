//! What is kept of applications beside their records goes when they are gone, and not before.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt;
use okta_sim::{Fault, FaultKind, Match, NewApp, Role};
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::handlers::{Event, service_discovery};
use rollcall_shared::model::Reason;
use rollcall_shared::report::RunState;
use test_support::services::{SERVICES, discover, discovered, world};
use test_support::wire::{Cut, When, Wire};
use test_support::world::{Job, Setup, World};

const HOUR: Duration = Duration::from_secs(3_600);

async fn usual(setup: Setup) -> World {
    let world = world(6, setup).await;
    discovered(&world).await;
    world.later(HOUR);
    world
}

/// A new application with two people, of whom one used it.
fn new_app(world: &World) -> String {
    let people = world.active();
    world.sim.with(|org| {
        let app = org.create_app(NewApp::new("bookmark", "Wiki"));
        assert!(org.assign(&people[0], &app) && org.assign(&people[1], &app) && org.sign_on(&people[0], &app));
        app
    })
}

fn delete(world: &World, app: &str) {
    world.sim.with(|org| assert!(org.deactivate_app(app) && org.delete_app(app)));
}

/// Of how many people it is kept that an application is assigned to them, and that they used it.
async fn kept(world: &World, app: &str) -> (usize, usize) {
    let directory = &world.stack.context.directory;
    let assigned: Vec<_> = directory.app_assignments("acme", app).try_collect().await.unwrap();
    let used: Vec<_> = directory.last_sign_ons("acme", app).try_collect().await.unwrap();
    (assigned.len(), used.len())
}

/// The applications of which anything is kept.
async fn kept_apps(world: &World) -> BTreeSet<String> {
    let kept: Vec<_> = world.stack.context.directory.kept_apps("acme").try_collect().await.unwrap();
    kept.into_iter().map(|kept| kept.app).collect()
}

#[tokio::test]
async fn nothing_is_kept_of_an_application_that_was_deleted() {
    let world = usual(Setup::default()).await;
    let (wiki, other) = (new_app(&world), new_app(&world));
    discovered(&world).await;
    assert_eq!((kept(&world, &wiki).await, kept(&world, &other).await), ((2, 1), (2, 1)));
    world.later(HOUR);
    delete(&world, &wiki);
    discovered(&world).await;
    assert_eq!(world.standing(SERVICES, &wiki).await, Some(Reason::Deleted));
    assert_eq!((kept(&world, &wiki).await, kept(&world, &other).await), ((0, 0), (2, 1)));
    assert!(!kept_apps(&world).await.contains(&wiki));
    // That it was there, its record still says.
    assert_eq!(world.record(SERVICES, &wiki).await.unwrap().fields["assigned_users"], 2);
}

#[tokio::test]
async fn what_waits_for_approval_is_kept_until_then() {
    let setup = Setup { max_deactivations: 0, max_deactivations_percent: 0.0, ..Setup::default() };
    let world = usual(setup).await;
    let wiki = new_app(&world);
    discovered(&world).await;
    delete(&world, &wiki);
    let held = discover(&world.context).await;
    assert_eq!((held.state, kept(&world, &wiki).await), (RunState::Held, (2, 1)), "{held:?}");
    approve(&world.context, &held.run).await.unwrap();
    assert_eq!(world.standing(SERVICES, &wiki).await, Some(Reason::Deleted));
    discovered(&world).await;
    assert_eq!(kept(&world, &wiki).await, (0, 0));
}

#[tokio::test]
async fn of_an_application_that_is_missing_its_use_is_kept_for_it_may_come_into_sight_again() {
    let world = usual(Setup::default()).await;
    let wiki = new_app(&world);
    discovered(&world).await;
    world.sim.set_role(Role::NoLog);
    let there = world.sim.with(|org| org.app(&wiki).unwrap().id.clone());
    world.sim.with(|org| assert!(org.vanish_app(&there)));
    let held = discover(&world.context).await;
    assert_eq!((held.state, kept(&world, &wiki).await), (RunState::Held, (2, 1)), "{held:?}");
    approve(&world.context, &held.run).await.unwrap();
    assert_eq!(world.standing(SERVICES, &wiki).await, Some(Reason::Missing));
    for _ in 0..2 {
        assert_eq!(discover(&world.context).await.state, RunState::Succeeded);
        assert_eq!(kept(&world, &wiki).await, (0, 1));
    }
}

#[tokio::test]
async fn sign_ons_to_what_was_deleted_before_the_first_run_are_not_kept() {
    let world = world(6, Setup::default()).await;
    let (deleted, vanished) = (new_app(&world), new_app(&world));
    delete(&world, &deleted);
    world.sim.with(|org| assert!(org.vanish_app(&vanished)));
    world.later(HOUR);
    discovered(&world).await;
    // Of the other one the log does not say that it is gone.
    assert_eq!((kept(&world, &deleted).await, kept(&world, &vanished).await), ((0, 0), (0, 1)));
    let services = world.records(SERVICES).await.into_keys();
    assert_eq!(kept_apps(&world).await, services.chain([vanished]).collect());
}

/// What lists and the log do not show to a role without sight is neither forgotten nor missed.
#[tokio::test]
async fn a_role_lost_at_any_call_takes_nothing_away() {
    let world = usual(Setup::default()).await;
    let wiki = new_app(&world);
    discovered(&world).await;
    world.sim.clear_calls();
    discovered(&world).await;
    let calls = u32::try_from(world.sim.calls().len()).unwrap();
    let user = world.active().remove(0);
    for call in 0..calls {
        world.later(HOUR);
        world.sim.with(|org| assert!(org.sign_on(&user, &wiki)));
        world.sim.inject(Fault::new(Match::any().skip(call), FaultKind::LoseRole));
        let before = world.records(SERVICES).await;
        let report = discover(&world.context).await;
        assert!(matches!(report.state, RunState::Blind | RunState::Succeeded), "{call}: {report:?}");
        world.sim.set_role(Role::ReadOnlyAdmin);
        world.sim.clear_faults();
        assert_eq!(kept(&world, &wiki).await, (2, 1), "lost at call {call}");
        for (id, record) in world.records(SERVICES).await {
            let assigned = |record: &rollcall_shared::model::Record| record.fields["assigned_users"].clone();
            assert_eq!(
                (record.reason, assigned(&record)),
                (before[&id].reason, assigned(&before[&id])),
                "{call}: {id}"
            );
        }
        discovered(&world).await;
    }
}

/// An end without anybody is believed only when the application is seen, and nobody is in it still.
#[tokio::test]
async fn whom_a_role_that_was_lost_for_one_page_did_not_show_stays_assigned() {
    let world = usual(Setup::default()).await;
    let wiki = new_app(&world);
    for times in [1, 2] {
        let list = Match::path(&format!("/api/v1/apps/{wiki}/users"));
        world.sim.inject(Fault::new(list, FaultKind::EmptyList).times(times));
        let hidden = Fault::new(Match::path(&format!("/api/v1/apps/{wiki}")).skip(1), FaultKind::Status(404));
        if times == 2 {
            world.sim.inject(hidden);
        }
        discovered(&world).await;
        assert_eq!(kept(&world, &wiki).await.0, 2, "{times}");
        world.sim.clear_faults();
    }
    let people = world.active();
    world.sim.with(|org| assert!(org.unassign(&people[0], &wiki) && org.unassign(&people[1], &wiki)));
    discovered(&world).await;
    assert_eq!(kept(&world, &wiki).await, (0, 1));
    // From now on that is known, and costs a page alone.
    world.sim.clear_calls();
    discovered(&world).await;
    let asked = world.sim.calls().into_iter().filter(|call| call.path().contains(&wiki)).count();
    assert_eq!(asked, 2, "its people and its groups");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_while_forgetting_leaves_nothing_behind() {
    let wire = Wire::default();
    let world = usual(Setup { max_deactivations: 1_000, wire: Some(wire.clone()), ..Setup::default() }).await;
    let calls = {
        gone(&world).await;
        wire.mend();
        discovered(&world).await;
        wire.calls()
    };
    let mut kills = BTreeSet::new();
    for ago in 1..14 {
        let when = if ago % 2 == 0 { When::BeforeItsEffect } else { When::AfterItsEffect };
        let app = gone(&world).await;
        let process = world.new_process().await;
        let running = async move {
            let event = Event { connection: Some("acme".to_owned()), ..Event::default() };
            service_discovery::handle(&process, event).await.map(drop)
        };
        let call = wire.kill(Cut { at: calls - ago, when }, running).await;
        kills.insert(kept(&world, &app).await);
        world.let_the_lease_lapse(Job::ServiceDiscovery).await;
        discovered(&world).await;
        assert_eq!(kept(&world, &app).await, (0, 0), "killed at {call:?}, {when:?}");
        assert!(!kept_apps(&world).await.contains(&app), "killed at {call:?}, {when:?}");
    }
    assert!(kills.contains(&(2, 1)) && kills.contains(&(2, 0)) && kills.contains(&(0, 0)), "{kills:?}");
}

/// An application that was discovered and deleted since.
async fn gone(world: &World) -> String {
    let app = new_app(world);
    discovered(world).await;
    world.later(HOUR);
    delete(world, &app);
    app
}
