//! The runs of a delta-sync: what they need, where they go on, what they hold, and what runs beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Options};
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::handlers::{Event, Response, delta_sync};
use rollcall_shared::model::Reason;
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::invocations::Invocations;
use test_support::world::{PEOPLE, Setup, World, counts, delta, import, problem};

use super::delta::{HOUR, Scene, arrived, succeeded, usual, watermark};

#[tokio::test]
async fn an_import_has_to_come_first_and_to_know_the_mappings() {
    let mut world = World::of(30).await;
    let report = world.delta().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "never-imported"));
    assert!(world.directory().await.iter().all(BTreeMap::is_empty));
    world.import().await;
    world.reconnect(|document| document["mappings"][0]["fields"]["title"] = json!("profile.title")).await;
    let report = world.delta().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "mappings-changed"));
    assert!(report.problem.unwrap().hint.contains("full-import"));
}

#[tokio::test]
async fn a_function_starts_the_import_that_has_to_come_first() {
    let world = World::of(10).await;
    let invocations = Invocations::listen().await;
    let context = invocations.context(&world).await;
    let report = delta(&context, &world.connection.name).await.unwrap();
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "never-imported"));
    assert!(report.problem.unwrap().detail.contains("was started"));
    assert_eq!(invocations.take(), [("full-import".to_owned(), json!({ "connection": "acme" }))]);
}

#[tokio::test]
async fn what_is_committed_late_is_found() {
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| assert!(org.rename(&people[15], "Grace", "Hopper")));
    succeeded(&world).await;
    world.sim.with(|org| {
        let now = org.now();
        org.set_now(now - Duration::from_secs(240));
        assert!(org.rename(&people[16], "Mary", "Somerville"));
        org.set_now(now);
    });
    assert_eq!(counts(&succeeded(&world).await, PEOPLE).updated, 1);
}

#[tokio::test]
async fn a_delta_that_breaks_off_is_taken_up_and_moves_no_watermark_until_its_end() {
    let okta = Options { cursor_life: Some(2 * HOUR), ..Setup::default().okta };
    let Scene { world, people, .. } = arrived(Setup { okta, ..Setup::default() }).await;
    let mark = watermark(&world).await;
    world.sim.with(|org| people[15..31].iter().for_each(|id| assert!(org.set_profile(id, "title", "Clerk"))));
    let second_page = Match::path("/api/v1/users?").query("after=");
    world.sim.inject(Fault::new(second_page, FaultKind::Status(503)).times(5));
    let broken = world.delta().await;
    assert_eq!((broken.state, watermark(&world).await), (RunState::Failed, mark));
    // By now the cursor is worth nothing.
    world.later(3 * HOUR);
    let report = succeeded(&world).await;
    assert_eq!((&report.run, report.invocations, report.progress.done), (&broken.run, 2, 16));
    assert!(watermark(&world).await > mark);
}

#[tokio::test]
async fn a_delta_goes_on_in_further_invocations() {
    let okta = Options { latency: Duration::from_millis(300), ..Setup::default().okta };
    let Scene { world, people, .. } = arrived(Setup { okta, ..Setup::default() }).await;
    world.sim.with(|org| people[4..40].iter().for_each(|id| assert!(org.set_profile(id, "title", "Clerk"))));
    let mut invocations = 0;
    let run = loop {
        invocations += 1;
        let deadline = Some(tokio::time::Instant::now() + Duration::from_millis(2_500));
        let event = Event { connection: Some(world.connection.name.clone()), deadline, ..Event::default() };
        match delta_sync::handle(&world.context, event).await.unwrap() {
            Response::Run(run) if run.state == RunState::Running && invocations < 30 => {}
            Response::Run(run) => break run,
            Response::Started(_) => panic!("an event with a connection starts no others"),
        }
    };
    assert_eq!((run.state, run.progress.done, run.invocations), (RunState::Succeeded, 36, invocations), "{run:?}");
    assert!(invocations > 1);
    world.assert_true().await;
}

#[tokio::test]
async fn the_guard_holds_and_later_deltas_add_and_drop() {
    let Scene { world, people, .. } = usual().await;
    let mark = watermark(&world).await;
    world.sim.with(|org| people[15..20].iter().for_each(|id| assert!(org.deactivate(id))));
    let first = world.delta().await;
    assert_eq!((first.state, counts(&first, PEOPLE).held), (RunState::Held, 5), "{first:?}");
    assert!(watermark(&world).await > mark, "the hold remembers");
    world.later(HOUR);
    world.sim.with(|org| assert!(org.reactivate(&people[15]) && org.deactivate(&people[21])));
    let second = world.delta().await;
    // The overlap shows the leavers once more: this run is the one that the hold waits for now.
    assert_eq!((second.state, counts(&second, PEOPLE).held), (RunState::Held, 4));
    let held = world.held().await;
    let waits = |id: &String| held.contains(&(PEOPLE.to_owned(), id.clone()));
    assert!(!waits(&people[15]) && people[16..20].iter().all(waits), "{held:?}");
    assert_eq!(world.standing(PEOPLE, &people[21]).await, Some(Reason::Deactivated));
    world.later(HOUR);
    assert_eq!((world.delta().await.state, world.held().await), (RunState::Succeeded, held));
    assert_eq!(approve(&world.context, &second.run).await.unwrap().state, RunState::Succeeded);
    world.assert_true().await;
    assert_eq!(world.held().await, []);
}

#[tokio::test]
async fn a_full_import_beside_it_does_no_harm() {
    let Scene { world, people, admins, users } = usual().await;
    world.sim.with(|org| {
        people[15..30].iter().for_each(|id| assert!(org.move_department(id, "Sales")));
        assert!(org.remove_from_group(&people[6], &users) && org.add_to_group(&people[22], &admins));
        assert!(org.suspend(&people[31]));
    });
    let process = world.new_process().await;
    let (delta, full) = tokio::join!(world.delta(), import(&process, &world.connection.name));
    assert_eq!((delta.state, full.unwrap().state), (RunState::Succeeded, RunState::Succeeded));
    world.assert_true().await;
    succeeded(&world).await;
}
