//! Deprovisioning: who left by Okta's log is inactive a poll later, at a call each; and what the log cannot tell is not
//! made up.

use std::collections::BTreeMap;
use std::time::Duration;

use okta_sim::{Fault, FaultKind, Match, NewUser, Options, Role};
use rollcall_shared::model::{Job, Reason};
use rollcall_shared::report::{RunReport, RunState};
use serde_json::json;
use test_support::invocations::Invocations;
use test_support::world::{CUSTODIANS, LOGINS, PEOPLE, Setup, World, counts, deprovision, problem};

use super::delta::{HOUR, Scene, arrived, usual};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs deprovisioning, which has to succeed and to leave the directory true.
async fn succeeded(world: &World) -> RunReport {
    let report = world.deprovision().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.mappings.values().all(|counts| counts.add_up()), "{report:?}");
    assert_eq!(report.warnings, Vec::<String>::new());
    world.assert_true().await;
    report
}

fn asked(world: &World) -> Vec<String> {
    world.sim.calls().into_iter().map(|call| call.path_and_query).collect()
}

/// Calls that read one person, or the groups of one.
fn calls_for_people(world: &World) -> usize {
    asked(world).iter().filter(|call| call.starts_with("/api/v1/users/")).count()
}

async fn runs(world: &World) -> Vec<RunReport> {
    let runs = world.context.directory.runs(&world.connection.name).await.expect("the runs can be read");
    runs.into_iter().filter(|run| run.job == Job::Deprovisioning).collect()
}

#[tokio::test]
async fn leavers_returners_and_moves_between_groups_are_in_the_directory_after_one_poll() {
    let Scene { world, people, admins, users } = usual().await;
    world.sim.with(|org| {
        assert!(org.deactivate(&people[15]) && org.suspend(&people[16]) && org.deactivate(&people[5]));
        assert!(org.delete(&people[17]) && org.remove_from_group(&people[6], &users));
        assert!(org.remove_from_group(&people[0], &admins));
    });
    let report = succeeded(&world).await;
    assert_eq!((counts(&report, PEOPLE).deactivated, counts(&report, LOGINS).deactivated), (4, 2));
    assert_eq!(world.standing(PEOPLE, &people[17]).await, Some(Reason::Deleted));
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    assert_eq!(world.record(LOGINS, &people[0]).await.unwrap().role.as_deref(), Some("viewer"));
    // One call for each of the four leavers, and one for each change of a membership.
    assert_eq!(calls_for_people(&world), 6, "{:#?}", asked(&world));

    world.later(MINUTE);
    world.sim.with(|org| {
        assert!(org.reactivate(&people[15]) && org.unsuspend(&people[16]) && org.reactivate(&people[5]));
        assert!(org.add_to_group(&people[6], &admins));
    });
    let report = succeeded(&world).await;
    assert_eq!((counts(&report, PEOPLE).reactivated, counts(&report, LOGINS).reactivated), (3, 2));
    assert_eq!(world.record(LOGINS, &people[6]).await.unwrap().role.as_deref(), Some("administrator"));
    // Nothing is left to do for the others.
    let delta = world.delta().await;
    assert!(delta.mappings.values().all(|counts| counts.unchanged + counts.excluded == counts.read), "{delta:?}");
    world.assert_true().await;
}

#[tokio::test]
async fn a_poll_that_finds_nothing_is_one_call_and_shares_a_run_with_the_hours_others() {
    let Scene { world, people, .. } = usual().await;
    for _ in 0..3 {
        world.sim.clear_calls();
        let report = succeeded(&world).await;
        // The hour's first one looks besides whether it sees anybody.
        let expected = if report.invocations == 1 { 2 } else { 1 };
        assert_eq!((asked(&world).len(), report.lag_seconds), (expected, None), "{:?}", asked(&world));
        world.later(MINUTE);
    }
    assert_eq!(runs(&world).await.iter().map(|run| run.invocations).collect::<Vec<_>>(), [3]);
    world.sim.with(|org| assert!(org.deactivate(&people[15])));
    world.later(Duration::from_secs(20));
    let found = succeeded(&world).await;
    let lag = found.lag_seconds.expect("the time was measured");
    assert!((19.0..25.0).contains(&lag.median) && lag.max >= lag.median, "{lag:?}");
    // The next quiet poll goes on with the run that polls share, and real ones stand for themselves.
    succeeded(&world).await;
    let runs = runs(&world).await;
    assert_eq!(runs.len(), 2, "{runs:#?}");
    assert!(runs.iter().any(|run| run.run == found.run && run.invocations == 1));
    assert!(runs.iter().any(|run| run.invocations == 4 && run.mappings.values().all(|counts| counts.read == 0)));
}

#[tokio::test]
async fn events_are_hints_and_what_okta_says_now_decides() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| {
        // Each left and was back before anybody looked; one was renamed besides.
        assert!(org.suspend(&people[15]) && org.unsuspend(&people[15]) && org.rename(&people[15], "Grace", "Hopper"));
        assert!(org.deactivate(&people[16]) && org.reactivate(&people[16]));
        assert!(org.remove_from_group(&people[5], &users) && org.add_to_group(&people[5], &users));
    });
    let report = succeeded(&world).await;
    assert!(report.mappings.values().all(|counts| counts.deactivated == 0), "{report:?}");
}

#[tokio::test]
async fn a_lost_link_gives_way_to_the_time_and_nobody_is_looked_at_twice() {
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| assert!(org.deactivate(&people[15])));
    succeeded(&world).await;
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.deactivate(&people[16])));
    world.sim.clear_calls();
    world.sim.inject(Fault::new(Match::path("/api/v1/logs"), FaultKind::ExpiredCursor).times(1));
    let report = succeeded(&world).await;
    assert_eq!(counts(&report, PEOPLE).deactivated, 1);
    assert_eq!(calls_for_people(&world), 1, "{:#?}", asked(&world));
}

#[tokio::test]
async fn events_that_come_late_and_out_of_order_are_not_missed() {
    let Scene { world, people, .. } = usual().await;
    succeeded(&world).await;
    world.sim.with(|org| {
        org.set_log_delay(10 * MINUTE);
        assert!(org.deactivate(&people[15]));
        org.set_log_delay(Duration::ZERO);
    });
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.deactivate(&people[16])));
    let report = world.deprovision().await;
    assert_eq!(counts(&report, PEOPLE).deactivated, 1);
    world.later(10 * MINUTE);
    assert_eq!(counts(&succeeded(&world).await, PEOPLE).deactivated, 1);
}

#[tokio::test]
async fn above_five_allowances_leavers_wait_and_approval_carries_them_out() {
    // Three may leave at once, and five times as many where the log reports each.
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| people[15..30].iter().for_each(|id| assert!(org.deactivate(id))));
    assert_eq!(counts(&succeeded(&world).await, PEOPLE).deactivated, 15);
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.deactivate(&people[31]) && org.deactivate(&people[32])));
    let held = world.deprovision().await;
    assert_eq!((held.state, counts(&held, PEOPLE).held), (RunState::Held, 2));
    assert_eq!(world.standing(PEOPLE, &people[31]).await, None);
    // Polls that find nothing do not ring again.
    world.later(MINUTE);
    assert_eq!(world.deprovision().await.state, RunState::Succeeded);
    let approved = rollcall_shared::handlers::approve::approve(&world.context, &held.run).await.unwrap();
    assert_eq!(approved.state, RunState::Succeeded, "{:?}", approved.problem);
    world.assert_true().await;
}

#[tokio::test]
async fn out_of_sight_without_a_deletion_is_unsynced_and_with_everybody_else_it_is_blind() {
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| {
        assert!(org.suspend(&people[15]));
        assert!(org.vanish(&people[15]));
    });
    let report = world.deprovision().await;
    assert_eq!((report.state, counts(&report, PEOPLE).unsynced), (RunState::Succeeded, 1));
    assert_eq!(world.standing(PEOPLE, &people[15]).await, None);
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.suspend(&people[16])));
    world.sim.inject(Fault::new(Match::path("/api/v1/users/"), FaultKind::Status(404)).times(50));
    let report = world.deprovision().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"));
    assert_eq!(world.standing(PEOPLE, &people[16]).await, None);
    // What the log reported is looked at again once the role is back.
    world.sim.clear_faults();
    let report = world.deprovision().await;
    assert_eq!((report.state, counts(&report, PEOPLE).deactivated), (RunState::Succeeded, 1));
    assert_eq!(world.standing(PEOPLE, &people[16]).await, Some(Reason::Suspended));
}

#[tokio::test]
async fn a_role_that_sees_nobody_is_blind_and_no_quiet_hour() {
    let Scene { world, .. } = usual().await;
    succeeded(&world).await;
    world.sim.set_role(Role::None);
    // The polls of the hour go on; the next hour's first one looks whether it sees anybody.
    assert_eq!(world.deprovision().await.state, RunState::Succeeded);
    world.age_the_shared_run().await;
    assert_eq!(world.deprovision().await.state, RunState::Blind);
}

#[tokio::test]
async fn an_event_of_before_that_comes_after_the_deletion_takes_nothing_back() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| {
        org.set_log_delay(Duration::from_secs(30));
        assert!(org.remove_from_group(&people[6], &users));
        org.set_log_delay(Duration::ZERO);
        assert!(org.delete(&people[6]));
        // So many that the late one is on a page of its own.
        people[15..30].iter().for_each(|id| assert!(org.suspend(id) && org.unsuspend(id)));
    });
    world.later(MINUTE);
    let report = world.deprovision().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::Deleted));
    world.assert_true().await;
    assert_eq!(world.unsynced().await, []);
}

#[tokio::test]
async fn events_that_a_role_lost_in_the_middle_hides_are_looked_at_when_it_is_back() {
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| {
        // So many that the leaver is on the second page.
        people[20..30].iter().for_each(|id| assert!(org.suspend(id) && org.unsuspend(id)));
        assert!(org.deactivate(&people[15]));
    });
    world.sim.inject(Fault::new(Match::path("/api/v1/logs").skip(1), FaultKind::LoseRole));
    world.deprovision().await;
    assert_eq!(world.standing(PEOPLE, &people[15]).await, None);
    world.sim.set_role(Role::ReadOnlyAdmin);
    world.later(MINUTE);
    succeeded(&world).await;
}

#[tokio::test]
async fn a_mapped_group_that_is_deleted_is_told_and_nobody_leaves_by_it() {
    let Scene { world, people, users, .. } = usual().await;
    world.sim.with(|org| assert!(org.delete_group(&users) && org.suspend(&people[15])));
    let report = world.deprovision().await;
    assert_eq!(report.state, RunState::Failed);
    assert!(report.problem.as_ref().unwrap().detail.contains("Users"), "{:?}", report.problem);
    assert_eq!(world.standing(LOGINS, &people[6]).await, None);
    assert_eq!(world.standing(PEOPLE, &people[15]).await, Some(Reason::Suspended));
    // It is told once: the log was followed.
    assert_eq!(world.deprovision().await.state, RunState::Succeeded);
}

#[tokio::test]
async fn before_the_first_import_there_is_nobody_to_deprovision() {
    let world = World::of(10).await;
    let report = world.deprovision().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "never-imported"));
    assert!(world.directory().await.iter().all(BTreeMap::is_empty));
}

#[tokio::test]
async fn without_permission_for_the_log_the_run_says_what_is_missing() {
    let Scene { world, people, .. } = usual().await;
    world.sim.with(|org| assert!(org.deactivate(&people[15])));
    world.sim.set_role(Role::NoLog);
    let report = world.deprovision().await;
    assert_eq!(report.state, RunState::Failed);
    assert!(report.problem.as_ref().unwrap().detail.contains("/api/v1/logs"), "{:?}", report.problem);
    world.sim.set_role(Role::ReadOnlyAdmin);
    succeeded(&world).await;
}

#[tokio::test]
async fn a_gap_in_the_log_asks_for_an_import_which_misses_nobody() {
    let Scene { world, people, .. } = usual().await;
    succeeded(&world).await;
    world.sim.with(|org| assert!(org.deactivate(&people[15]) && org.delete(&people[16])));
    world.later(91 * 24 * HOUR);
    world.sim.with(|org| assert!(org.deactivate(&people[17])));
    let invocations = Invocations::listen().await;
    let report = deprovision(&invocations.context(&world).await, "acme").await.unwrap();
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "log-gap"));
    assert!(report.problem.unwrap().detail.contains("was started"));
    assert_eq!(invocations.take(), [("full-import".to_owned(), json!({ "connection": "acme" }))]);
    // What happens from now on is followed at once, and the gap is not forgotten.
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.deactivate(&people[18])));
    let report = world.deprovision().await;
    assert_eq!((report.state, counts(&report, PEOPLE).deactivated >= 1), (RunState::Succeeded, true));
    let import = world.import().await;
    // Of whom the log cannot tell, a person decides.
    assert_eq!((import.state, counts(&import, PEOPLE).held), (RunState::Held, 1), "{:?}", import.problem);
    assert_eq!(world.standing(PEOPLE, &people[15]).await, Some(Reason::Deactivated));
    rollcall_shared::handlers::approve::approve(&world.context, &import.run).await.unwrap();
    assert_eq!(world.standing(PEOPLE, &people[16]).await, Some(Reason::Missing));
    assert_eq!(world.deprovision().await.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn a_group_listing_of_an_import_and_the_log_agree_on_who_is_out() {
    // Removed and seen by the log; then suspended and back: the stored membership must not bring the access back.
    let Scene { world, people, users, .. } = arrived(Setup { okta: Options::default(), ..Setup::default() }).await;
    world.sim.with(|org| assert!(org.remove_from_group(&people[6], &users)));
    succeeded(&world).await;
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.suspend(&people[6])));
    succeeded(&world).await;
    world.later(MINUTE);
    world.sim.with(|org| assert!(org.unsuspend(&people[6])));
    succeeded(&world).await;
    assert_eq!(world.standing(LOGINS, &people[6]).await, Some(Reason::OutOfScope));
    assert!(world.record(CUSTODIANS, &people[6]).await.is_none_or(|record| record.reason.is_none()));
}

#[tokio::test]
async fn who_joins_a_group_without_a_record_is_left_to_the_delta() {
    let Scene { world, people, admins, users } = usual().await;
    world.sim.with(|org| assert!(org.add_to_group(&people[17], &admins) && org.remove_from_group(&people[6], &users)));
    world.sim.clear_calls();
    let report = world.deprovision().await;
    assert_eq!((report.state, calls_for_people(&world)), (RunState::Succeeded, 1), "{:#?}", asked(&world));
    assert!(world.record(LOGINS, &people[17]).await.is_none());
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    world.assert_true().await;
}

/// An hour of a busy org: people leave at any second, and their events reach the log up to ten seconds later.
#[tokio::test]
async fn with_the_log_polled_every_minute_leavers_are_inactive_within_75_seconds() {
    let world = World::new(Setup { people: 120, max_deactivations: 1_000, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(HOUR);
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    let mut random = fastrand::Rng::with_seed(9);
    let mut leavers = world.active().into_iter();
    let now = || world.sim.with(|org| org.now());
    let mut waiting = Vec::new();
    let mut lags: Vec<i64> = Vec::new();
    for _ in 0..60 {
        let (first, second) = (random.u64(0..30), random.u64(0..30));
        for seconds in [first, second] {
            world.later(Duration::from_secs(seconds));
            if let Some(leaver) = leavers.next().filter(|_| random.bool()) {
                world.sim.with(|org| {
                    org.set_log_delay(Duration::from_secs(random.u64(0..10)));
                    assert!(org.suspend(&leaver));
                });
                waiting.push((leaver, now()));
            }
        }
        world.later(Duration::from_secs(60 - first - second));
        world.deprovision().await;
        let records = world.records(PEOPLE).await;
        waiting.retain(|(leaver, since): &(String, _)| {
            let left = records[leaver].reason.is_some();
            lags.extend(left.then(|| now().duration_since(*since).as_secs()));
            !left
        });
    }
    lags.sort_unstable();
    assert!(lags.len() > 40 && waiting.len() < 3, "{} left, {waiting:?} wait", lags.len());
    assert!(lags[lags.len() * 95 / 100] <= 75, "{lags:?}");
}

#[tokio::test]
async fn pages_that_hint_at_nobody_are_passed_once_however_often_a_poll_breaks_off() {
    let okta = Options { page_size_cap: 5, limit_per_minute: 600_000, ..Options::default() };
    let Scene { world, people, .. } = arrived(Setup { okta, ..Setup::default() }).await;
    succeeded(&world).await;
    world.sim.with(|org| {
        (0..40).for_each(|number| {
            let name = format!("staged{number}");
            drop(org.create(NewUser::new("Not", "Yet", &format!("{name}@acme.example")).staged()));
        });
        assert!(org.deactivate(&people[15]));
    });
    // Two pages go through, and then Okta fails for longer than anybody tries.
    let broken = || Fault::new(Match::path("/api/v1/logs").skip(2), FaultKind::Status(503)).times(5);
    for _ in 0..4 {
        world.sim.inject(broken());
        let report = world.deprovision().await;
        assert_eq!(report.state, RunState::Failed);
        world.sim.clear_faults();
    }
    world.sim.clear_calls();
    assert_eq!(counts(&world.deprovision().await, PEOPLE).deactivated, 1);
    let pages = asked(&world).iter().filter(|call| call.contains("/logs")).count();
    assert!(pages <= 3, "{pages} pages after those that were passed");
}

#[tokio::test]
async fn who_leaves_a_group_is_asked_for_by_those_groups_alone_that_are_in_doubt() {
    let Scene { mut world, people, users, .. } = usual().await;
    let mut roles =
        vec![json!({ "group": "Admins", "role": "administrator" }), json!({ "group": "Users", "role": "viewer" })];
    for number in 0..12 {
        world.group(&format!("Team {number}"), &people[20..22]);
        roles.push(json!({ "group": format!("Team {number}"), "role": "member" }));
    }
    world.reconnect(|document| document["mappings"][2]["roles"] = json!(roles)).await;
    world.later(HOUR);
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(HOUR);
    succeeded(&world).await;
    world.sim.with(|org| people[6..12].iter().for_each(|id| assert!(org.remove_from_group(id, &users))));
    world.sim.clear_calls();
    assert_eq!(counts(&succeeded(&world).await, LOGINS).deactivated, 6);
    let of_groups = asked(&world).into_iter().filter(|call| call.starts_with("/api/v1/groups/")).count();
    assert_eq!((calls_for_people(&world), of_groups), (6, 1), "{:#?}", asked(&world));
}
