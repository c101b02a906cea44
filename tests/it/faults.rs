//! Trouble at every kind of call: nobody is wrongly deactivated, the state says what happened, and the next run ends in
//! the truth.

use std::time::Duration;

use futures::future::join_all;
use okta_sim::{Fault, FaultKind, Match, Options};
use rollcall_shared::handlers::{Event, Response, full_import};
use rollcall_shared::report::{RunReport, RunState};
use test_support::world::{Setup, World, assert_adds_up, problem};

/// The kinds of calls that an import makes.
const CALLS: [Call; 6] = [Call::WellKnown, Call::Groups, Call::FirstPage, Call::LaterPage, Call::Closing, Call::Log];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    WellKnown,
    Groups,
    FirstPage,
    LaterPage,
    Closing,
    Log,
}

impl Call {
    fn which(self) -> Match {
        match self {
            Call::WellKnown => Match::path("/.well-known/okta-organization"),
            Call::Groups => Match::path("/api/v1/groups?"),
            Call::FirstPage => Match::path("/api/v1/users?").query("search="),
            Call::LaterPage => Match::path("/api/v1/users?").query("after="),
            Call::Closing => Match::path("/api/v1/users?").query("lastUpdated+ge"),
            Call::Log => Match::path("/api/v1/logs?"),
        }
    }
}

async fn arrived() -> World {
    // A short window: what waits for the reset need not wait for a minute.
    let okta =
        Options { page_size_cap: 6, limit_per_minute: 600_000, window: Duration::from_secs(1), ..Options::default() };
    let world = World::new(Setup { people: 16, okta, ..Setup::default() }).await;
    assert_eq!(world.import().await.state, RunState::Succeeded);
    world.later(Duration::from_secs(24 * 3_600));
    world
}

/// Strikes once at every kind of call; what the run that was struck reports, each in an org that goes on as if nothing
/// had been.
async fn strike(what: FaultKind) -> Vec<(Call, RunReport)> {
    let world = arrived().await;
    let before = world.directory().await;
    let mut reports = Vec::new();
    for call in CALLS {
        world.sim.inject(Fault::new(call.which(), what.clone()));
        let report = world.import().await;
        assert_eq!(world.directory().await, before, "{what:?} at {call:?}");
        assert!(report.mappings.values().all(rollcall_shared::report::Counts::add_up), "{what:?} at {call:?}");
        let told = report.problem.as_ref().is_none_or(|problem| !problem.detail.is_empty() && !problem.hint.is_empty());
        assert!(told, "{what:?} at {call:?}: {:?}", report.problem);
        world.sim.clear_faults();
        world.sim.set_token(&Options::default().token);
        if report.state != RunState::Succeeded {
            let next = world.import().await;
            assert_eq!(next.state, RunState::Succeeded, "after {what:?} at {call:?}: {:?}", next.problem);
            assert_adds_up(&next, 16);
        }
        assert_eq!(world.directory().await, before, "after {what:?} at {call:?}");
        reports.push((call, report));
    }
    assert_eq!(world.unsynced().await, [], "{what:?}");
    reports
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_is_waited_out() {
    let kinds = [
        FaultKind::Status(500),
        FaultKind::Status(502),
        FaultKind::Status(503),
        FaultKind::Status(504),
        FaultKind::RateLimited,
        FaultKind::ConcurrencyLimited,
        FaultKind::EdgeLimited,
        FaultKind::Reset,
        FaultKind::Truncated,
        FaultKind::Slow(Duration::from_millis(200)),
    ];
    for (kind, reports) in kinds.iter().zip(join_all(kinds.iter().cloned().map(strike)).await) {
        for (call, report) in reports {
            assert_eq!(report.state, RunState::Succeeded, "{kind:?} at {call:?}: {:?}", report.problem);
            assert_adds_up(&report, 16);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_list_leaves_out_or_repeats_is_made_good() {
    let kinds = [
        FaultKind::DuplicateObject,
        FaultKind::MissingObject,
        FaultKind::EmptyPage,
        FaultKind::EmptyList,
        FaultKind::ExpiredCursor,
        FaultKind::NotJson,
    ];
    for (kind, reports) in kinds.iter().zip(join_all(kinds.iter().cloned().map(strike)).await) {
        for (call, report) in reports {
            let expected = match (kind, call) {
                // What answers so at the well-known address is no Okta org.
                (FaultKind::EmptyList | FaultKind::NotJson | FaultKind::ExpiredCursor, Call::WellKnown)
                // A cursor that nobody sent cannot expire: the request itself is refused.
                | (FaultKind::ExpiredCursor, Call::Groups | Call::FirstPage | Call::Closing | Call::Log) => {
                    RunState::Failed
                }
                // A link to the page just read would lead there for ever.
                (FaultKind::EmptyPage, Call::LaterPage) => RunState::Failed,
                (FaultKind::EmptyList | FaultKind::MissingObject, Call::Groups) => RunState::Blind,
                _ => RunState::Succeeded,
            };
            assert_eq!(report.state, expected, "{kind:?} at {call:?}: {:?}", report.problem);
            if expected == RunState::Succeeded {
                assert_adds_up(&report, 16);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_has_to_mend_stops_the_run_and_says_so() {
    let kinds = [FaultKind::Status(401), FaultKind::Status(403), FaultKind::MissingScope, FaultKind::RevokeToken];
    for (kind, reports) in kinds.iter().zip(join_all(kinds.iter().cloned().map(strike)).await) {
        for (call, report) in reports {
            let is_optional = matches!(kind, FaultKind::Status(403) | FaultKind::MissingScope);
            let expected = match call {
                // Whoever may not list groups or read the log is told so, and is served all the same.
                Call::Groups | Call::Log if is_optional => RunState::Succeeded,
                _ => RunState::Failed,
            };
            assert_eq!(report.state, expected, "{kind:?} at {call:?}: {:?}", report.problem);
            match expected {
                RunState::Failed => assert!(problem(&report).starts_with("okta-"), "{kind:?}: {:?}", report.problem),
                _ => assert!(!report.warnings.is_empty(), "{kind:?} at {call:?}"),
            }
        }
    }
}

#[tokio::test]
async fn trouble_that_lasts_leaves_the_run_to_the_next_trigger() {
    let world = arrived().await;
    let before = world.directory().await;
    world.sim.inject(Fault::new(Call::LaterPage.which(), FaultKind::Status(503)).times(1_000));
    let report = world.import().await;
    assert_eq!(report.state, RunState::Failed);
    assert_eq!(world.directory().await, before);
    world.sim.clear_faults();
    let next = world.import().await;
    assert_eq!((next.run.as_str(), next.state), (report.run.as_str(), RunState::Succeeded), "it is taken up");
    assert_adds_up(&next, 16);
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn an_answer_that_never_comes_does_not_outlast_the_deadline() {
    let world = arrived().await;
    world.sim.inject(Fault::new(Call::LaterPage.which(), FaultKind::Hang).times(100));
    let deadline = Some(tokio::time::Instant::now() + Duration::from_secs(2));
    let event = Event { connection: Some(world.connection.name.clone()), deadline, ..Event::default() };
    let Response::Run(report) = full_import::handle(&world.context, event).await.unwrap() else { panic!() };
    assert_eq!(report.state, RunState::Running);
    world.sim.clear_faults();
    let next = world.import().await;
    assert_eq!((&next.run, next.state, next.invocations), (&report.run, RunState::Succeeded, 2));
    assert_adds_up(&next, 16);
}
