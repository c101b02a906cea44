//! A run that cannot trust its view deactivates nobody and says what was lost; the next one converges.

use std::collections::HashSet;
use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, Role};
use rollcall_shared::config::Tuning;
use rollcall_shared::report::{RunReport, RunState};
use test_support::world::{PEOPLE, Setup, World, assert_adds_up, counts, problem, small};

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn arrived(people: usize) -> World {
    let world = World::of(people).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    world
}

/// The run is blind and changed nothing; with the role back, the next one ends in the truth.
async fn is_blind_and_recovers(world: &World, hide: impl FnOnce()) -> RunReport {
    let before = world.directory().await;
    hide();
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"), "{report:?}");
    assert_eq!(world.directory().await, before);
    assert_eq!(world.held().await, []);
    world.sim.set_role(Role::ReadOnlyAdmin);
    world.sim.clear_faults();
    let next = world.import().await;
    assert_eq!(next.state, RunState::Succeeded, "{:?}", next.problem);
    assert_adds_up(&next, world.headcount());
    world.assert_true().await;
    assert_eq!(world.unsynced().await, []);
    report
}

#[tokio::test]
async fn an_empty_org_at_the_very_first_import_is_a_lost_role() {
    let world = World::of(40).await;
    is_blind_and_recovers(&world, || world.sim.set_role(Role::None)).await;
}

#[tokio::test]
async fn empty_lists_while_groups_are_in_sight_are_blind_too() {
    let world = World::of(40).await;
    let empty = Fault::new(Match::path("/api/v1/users?"), FaultKind::EmptyList).times(1_000);
    is_blind_and_recovers(&world, || world.sim.inject(empty)).await;
    let world = arrived(40).await;
    let empty = Fault::new(Match::path("/api/v1/users?"), FaultKind::EmptyList).times(1_000);
    is_blind_and_recovers(&world, || world.sim.inject(empty)).await;
}

#[tokio::test]
async fn a_role_lost_from_the_start_is_blind() {
    let world = arrived(40).await;
    is_blind_and_recovers(&world, || world.sim.set_role(Role::None)).await;
}

#[tokio::test]
async fn a_role_lost_at_any_call_of_an_import_deactivates_nobody() {
    let world = arrived(30).await;
    world.sim.clear_calls();
    world.import().await;
    let calls = u32::try_from(world.sim.calls().len()).unwrap();
    let before = world.directory().await;
    for call in (1..calls).step_by(2) {
        world.sim.inject(Fault::new(Match::any().skip(call), FaultKind::LoseRole));
        let report = world.import().await;
        // The last calls confirm what is known already: a role lost after them was not needed.
        assert!(matches!(report.state, RunState::Blind | RunState::Succeeded), "{call}: {report:?}");
        assert_eq!(world.directory().await, before, "lost at call {call}");
        world.sim.set_role(Role::ReadOnlyAdmin);
        world.sim.clear_faults();
    }
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 30);
    world.assert_true().await;
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn a_role_lost_midway_through_the_first_import_is_noticed() {
    let world = World::of(60).await;
    world.sim.inject(Fault::new(Match::path("/api/v1/users?").skip(3), FaultKind::LoseRole));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"));
    world.sim.set_role(Role::ReadOnlyAdmin);
    let next = world.import().await;
    assert_eq!(next.state, RunState::Succeeded);
    assert_adds_up(&next, 60);
    world.assert_true().await;
}

#[tokio::test]
async fn whom_a_role_that_was_lost_for_one_page_did_not_show_is_imported_all_the_same() {
    let world = World::new(Setup { people: 30, tuning: Tuning { readers: 1, ..small() }, ..Setup::default() }).await;
    // The last page of the list: whoever is on it is not known to anybody yet.
    let last = Match::path("/api/v1/users?").query("search=").skip(4);
    world.sim.inject(Fault::new(last, FaultKind::EmptyList));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 30);
    world.assert_true().await;
}

#[tokio::test]
async fn a_role_narrowed_to_a_part_of_the_org_is_blind() {
    let world = arrived(60).await;
    let half: HashSet<String> = world.people(|_| true).into_iter().step_by(2).collect();
    is_blind_and_recovers(&world, || world.sim.set_role(Role::Only(half))).await;
}

#[tokio::test]
async fn half_of_the_people_gone_without_a_word_in_the_log_are_not_believed() {
    let world = arrived(60).await;
    let keep: HashSet<String> = world.people(|_| true).into_iter().take(30).collect();
    let hidden: Vec<String> = world.people(|user| !keep.contains(&user.id));
    let before = world.directory().await;
    // Half of the people vanish from sight, and nothing in the log or the groups says why.
    world.sim.with(|org| hidden.iter().for_each(|id| _ = org.vanish(id)));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"), "{report:?}");
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn an_index_that_leaves_people_out_is_blind() {
    // In one part: the view is judged by parts that are large in production.
    let tuning = Tuning { readers: 1, pages_before_sweep: 100, ..small() };
    let world = World::new(Setup { people: 120, tuning, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(DAY);
    let gaps = Fault::new(Match::path("/api/v1/users?").query("search="), FaultKind::MissingObject).times(15);
    is_blind_and_recovers(&world, || world.sim.inject(gaps)).await;
}

#[tokio::test]
async fn a_few_whom_the_index_leaves_out_are_read_by_id() {
    let world = arrived(60).await;
    let gaps = Fault::new(Match::path("/api/v1/users?").query("search="), FaultKind::MissingObject).times(5);
    world.sim.inject(gaps);
    let before = world.directory().await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 60);
    assert_eq!(counts(&report, PEOPLE).unchanged, 60);
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn whom_the_first_list_leaves_out_the_next_change_or_the_next_list_brings() {
    let world = World::new(Setup { people: 30, tuning: Tuning { readers: 1, ..small() }, ..Setup::default() }).await;
    let gaps = Fault::new(Match::path("/api/v1/users?").query("search="), FaultKind::MissingObject).times(2);
    world.sim.inject(gaps);
    assert_eq!(world.import().await.state, RunState::Succeeded);
    let left_out: Vec<String> = world.sim.left_out().into_iter().collect();
    assert_eq!((left_out.len(), world.records(PEOPLE).await.len()), (2, 28));
    // Nobody could know of them: a delta reads who changed, and one of them does.
    world.later(DAY);
    world.sim.with(|org| assert!(org.set_profile(&left_out[0], "title", "Director")));
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert!(world.record(PEOPLE, &left_out[0]).await.is_some() && world.record(PEOPLE, &left_out[1]).await.is_none());
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.assert_true().await;
}

#[tokio::test]
async fn another_org_behind_the_url_stops_the_run_before_anything_is_read() {
    let world = arrived(40).await;
    let before = world.directory().await;
    let id = world.sim.with(|org| org.id().to_owned());
    world.sim.with(|org| org.set_id("00oSomebodyElse1d7"));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "another-org"));
    assert_eq!(world.directory().await, before);
    world.sim.with(|org| org.set_id(&id));
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.assert_true().await;
}
