//! The plain way: an org arrives, nothing is written twice, and every change of a person reaches the directory.

use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, NewUser, Options, Status};
use rollcall_shared::model::Reason;
use rollcall_shared::report::RunState;
use test_support::world::{CUSTODIANS, PEOPLE, Setup, World, assert_adds_up, counts};

const HOUR: Duration = Duration::from_secs(3_600);

/// Someone whom both mappings admit.
fn engineer(world: &World) -> String {
    let wanted = |user: &okta_sim::User| {
        user.status == Status::Active && user.text("department").as_deref() == Some("Engineering")
    };
    world.people(wanted).first().expect("somebody works in Engineering").clone()
}

#[tokio::test]
async fn a_whole_org_arrives() {
    let world = World::of(120).await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 120);
    assert_eq!(counts(&report, PEOPLE).created, 120);
    let custodians = world.records(CUSTODIANS).await.len() as u64;
    assert_eq!(counts(&report, CUSTODIANS).created, custodians);
    assert_eq!(counts(&report, CUSTODIANS).excluded, 120 - custodians);
    assert_eq!(report.progress.done, 120);
    world.assert_true().await;
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn a_second_import_writes_no_record() {
    let world = World::of(60).await;
    world.import().await;
    let before = world.directory().await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_eq!(counts(&report, PEOPLE).unchanged, 60);
    assert_eq!(counts(&report, CUSTODIANS).unchanged + counts(&report, CUSTODIANS).excluded, 60);
    assert_adds_up(&report, 60);
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn an_org_of_any_size_arrives_whatever_the_pages_hold() {
    for (people, page) in [(1, 5), (2, 1), (7, 7), (8, 7), (15, 7), (41, 3)] {
        let okta = Options { page_size_cap: page, limit_per_minute: 600_000, ..Options::default() };
        let world = World::new(Setup { people, okta, ..Setup::default() }).await;
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{people} by {page}: {:?}", report.problem);
        assert_adds_up(&report, people as u64);
        world.assert_true().await;
    }
}

#[tokio::test]
async fn who_comes_again_on_a_page_of_another_slice_ends_it_for_nobody() {
    let world = World::of(80).await;
    // From the second page on the list is cut, and its parts are read beside each other.
    let pages = Match::path("/api/v1/users?").query("search=status").skip(3);
    world.sim.inject(Fault::new(pages, FaultKind::DuplicateObject).times(20));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 80);
    world.assert_true().await;
}

/// A world whose 60 people of the last import share a second, which 20 of them have left since the directory knew them.
async fn crowded() -> World {
    let world = World::new(Setup { people: 1, max_deactivations: 60, ..Setup::default() }).await;
    let people: Vec<String> = world.sim.with(|org| {
        let new = |number| NewUser::new("Bulk", "Import", &format!("bulk{number}@acme.example")).department("Sales");
        (0..60).map(|number| org.create(new(number))).collect()
    });
    world.later(HOUR);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 61);
    world.assert_true().await;
    world.sim.with(|org| {
        people[..10].iter().for_each(|id| assert!(org.delete(id)));
        people[10..20].iter().for_each(|id| assert!(org.deactivate(id)));
    });
    world.later(HOUR);
    world
}

fn by_id(world: &World) -> usize {
    world.sim.calls().iter().filter(|call| call.path_and_query.contains("id+lt+")).count()
}

async fn assert_follows_crowd(world: &World) {
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 61);
    assert_eq!(counts(&report, PEOPLE).deactivated, 20);
    world.assert_true().await;
    assert_eq!(world.import().await.mappings[PEOPLE].unchanged, world.headcount());
}

#[tokio::test]
async fn a_second_that_a_whole_org_was_created_in_is_cut_by_id() {
    let world = crowded().await;
    assert!(by_id(&world) > 0, "readers share the second");
    assert_follows_crowd(&world).await;
}

#[tokio::test]
async fn a_crowded_second_is_read_to_its_end_where_search_knows_no_ids() {
    let world = crowded().await;
    let before = by_id(&world);
    let refused = okta_sim::Match::path("/api/v1/users?").query("id+ge+");
    world.sim.inject(okta_sim::Fault::new(refused, okta_sim::FaultKind::Status(400)).times(u32::MAX));
    assert_follows_crowd(&world).await;
    assert_eq!(by_id(&world), before);
}

#[tokio::test]
async fn the_parts_of_a_crowded_second_outlive_their_cursors() {
    let world = crowded().await;
    let lost = okta_sim::Match::path("/api/v1/users?after=").query("id+lt+");
    world.sim.inject(okta_sim::Fault::new(lost, okta_sim::FaultKind::ExpiredCursor));
    assert_follows_crowd(&world).await;
}

/// Changes one engineer, imports twice, and compares: the directory follows, and the second import finds nothing.
async fn follows(change: impl Fn(&mut okta_sim::Org, &str), later: Duration) -> (World, String) {
    let world = World::of(40).await;
    world.import().await;
    let person = engineer(&world);
    world.sim.with(|org| change(org, &person));
    world.later(later);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, world.headcount());
    world.assert_true().await;
    let before = world.directory().await;
    let again = world.import().await;
    assert_adds_up(&again, world.headcount());
    assert_eq!(counts(&again, PEOPLE).unchanged, world.headcount());
    assert_eq!(world.directory().await, before);
    (world, person)
}

#[tokio::test]
async fn a_change_reaches_the_directory_the_same_minute_and_the_same_day() {
    for later in [Duration::ZERO, HOUR] {
        let (world, person) = follows(|org, id| assert!(org.rename(id, "Grace", "Hopper")), later).await;
        assert_eq!(world.record(PEOPLE, &person).await.unwrap().fields["name"], "Grace Hopper");
    }
}

#[tokio::test]
async fn who_leaves_a_department_leaves_its_mapping_and_no_other() {
    for later in [Duration::ZERO, HOUR] {
        let (world, person) = follows(|org, id| assert!(org.move_department(id, "Legal")), later).await;
        assert_eq!(world.standing(PEOPLE, &person).await, None);
        assert_eq!(world.standing(CUSTODIANS, &person).await, Some(Reason::OutOfScope));
        world.sim.with(|org| org.move_department(&person, "Sales"));
        world.later(later);
        let report = world.import().await;
        assert_eq!(counts(&report, CUSTODIANS).reactivated, 1);
        assert_eq!(world.standing(CUSTODIANS, &person).await, None);
    }
}

#[tokio::test]
async fn leaving_a_filters_scope_is_deactivated_once_and_excluded_from_then_on() {
    let world = World::of(40).await;
    let first = world.import().await;
    let person = engineer(&world);
    world.sim.with(|org| org.move_department(&person, "Legal"));
    world.later(HOUR);
    let left = world.import().await;
    assert_eq!(counts(&left, CUSTODIANS).deactivated, 1);
    let excluded = counts(&first, CUSTODIANS).excluded;
    assert_eq!(counts(&left, CUSTODIANS).excluded, excluded);
    let next = world.import().await;
    assert_eq!(counts(&next, CUSTODIANS).deactivated, 0);
    assert_eq!(counts(&next, CUSTODIANS).excluded, excluded + 1);
}

#[tokio::test]
async fn the_lifecycle_is_followed_there_and_back() {
    for later in [Duration::ZERO, HOUR] {
        let (world, person) = follows(|org, id| assert!(org.suspend(id)), later).await;
        assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Suspended));
        assert_eq!(world.standing(CUSTODIANS, &person).await, Some(Reason::Suspended));
        world.sim.with(|org| org.unsuspend(&person));
        world.later(later);
        assert_eq!(counts(&world.import().await, PEOPLE).reactivated, 1);
        world.sim.with(|org| org.deactivate(&person));
        world.later(later);
        assert_eq!(counts(&world.import().await, PEOPLE).deactivated, 1);
        assert_eq!(world.standing(PEOPLE, &person).await, Some(Reason::Deactivated));
        world.sim.with(|org| org.reactivate(&person));
        world.later(later);
        assert_eq!(counts(&world.import().await, PEOPLE).reactivated, 1);
        world.assert_true().await;
    }
}

#[tokio::test]
async fn who_is_new_arrives() {
    let world = World::of(40).await;
    world.import().await;
    let new = world.sim.with(|org| {
        let new = org.create(NewUser::new("Mary", "Somerville", "mary@acme.example").department("Sales"));
        org.create(NewUser::new("Not", "Yet", "not.yet@acme.example").staged());
        new
    });
    let report = world.import().await;
    assert_adds_up(&report, 42);
    assert_eq!(counts(&report, PEOPLE).created, 2);
    assert_eq!(counts(&report, CUSTODIANS).created, 1);
    assert_eq!(world.standing(CUSTODIANS, &new).await, None);
    world.assert_true().await;
}

#[tokio::test]
async fn two_edits_in_one_second_both_arrive() {
    let world = World::of(30).await;
    world.import().await;
    let person = engineer(&world);
    let second = world.sim.with(|org| {
        org.set_profile(&person, "title", "Analyst");
        org.user(&person).unwrap().last_updated
    });
    world.import().await;
    world.sim.with(|org| {
        // The clock is put back to the very second of the first edit.
        let now = org.now();
        org.set_now(second);
        org.set_profile(&person, "title", "Director");
        org.set_now(now);
    });
    let report = world.import().await;
    assert_eq!(counts(&report, CUSTODIANS).updated, 1);
    assert_eq!(world.record(CUSTODIANS, &person).await.unwrap().fields["title"], "Director");
    world.assert_true().await;
}

#[tokio::test]
async fn a_mapping_that_changed_reaches_every_record() {
    let mut world = World::of(30).await;
    world.import().await;
    world.reconnect(|document| document["mappings"][0]["fields"]["email"] = "profile.login".into()).await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded);
    assert_adds_up(&report, 30);
    for record in world.records(PEOPLE).await.values() {
        assert_eq!(record.fields["email"], record.identifier.as_str());
    }
}

#[tokio::test]
async fn people_whom_the_index_lists_late_are_found_by_the_closing_delta() {
    let okta = Options { index_lag: Duration::from_secs(120), limit_per_minute: 600_000, ..Options::default() };
    let world = World::new(Setup { people: 30, okta, ..Setup::default() }).await;
    world.import().await;
    let (new, moved) =
        (world.sim.with(|org| org.create(NewUser::new("Mary", "Somerville", "mary@acme.example"))), engineer(&world));
    world.sim.with(|org| org.move_department(&moved, "Legal"));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_adds_up(&report, 31);
    assert_eq!(world.standing(PEOPLE, &new).await, None);
    assert_eq!(world.standing(CUSTODIANS, &moved).await, Some(Reason::OutOfScope));
    world.assert_true().await;
}
