//! What a trigger for all connections starts: what is due, by each connection's own schedule, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use okta_sim::{Fault, FaultKind, Match};
use rollcall::stack::Stack;
use rollcall_shared::handlers::{Event, Response, delta_sync, full_import};
use rollcall_shared::report::RunState;
use rollcall_shared::{Context, Error};
use serde_json::{Value, json};
use test_support::invocations::Invocations;
use test_support::world::{Job, Setup, World};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// A schedule whose next time no test lives to see.
const SELDOM: &str = "cron(0 0 1 1 ? 2199)";

/// A connection of a stack, with these schedules in this place.
async fn connection(stack: &Arc<Stack>, name: &str, (import, delta): (&str, &str), place: &str) -> World {
    let stack = Some(Arc::clone(stack));
    let mut world = World::new(Setup { people: 12, connection: name.to_owned(), stack, ..Setup::default() }).await;
    let schedules = json!({ "full-import": import, "delta-sync": delta });
    world
        .reconnect(|document| {
            document["schedules"] = schedules;
            document["timezone"] = json!(place);
        })
        .await;
    world
}

async fn stack() -> Arc<Stack> {
    Arc::new(Stack::in_memory().await.unwrap())
}

/// A process that can start functions, of a world.
struct Trigger {
    invocations: Invocations,
    context: Context,
}

impl Trigger {
    async fn of(world: &World) -> Trigger {
        Trigger::with(world, Invocations::listen().await).await
    }

    async fn with(world: &World, invocations: Invocations) -> Trigger {
        Trigger { context: invocations.context(world).await, invocations }
    }

    async fn trigger(&self, job: Job) -> Result<Response, Error> {
        match job {
            Job::FullImport => full_import::handle(&self.context, Event::default()).await,
            _ => delta_sync::handle(&self.context, Event::default()).await,
        }
    }

    /// Which connections a trigger of a job starts.
    async fn started(&self, job: Job) -> Vec<String> {
        match self.trigger(job).await.unwrap() {
            Response::Started(connections) => connections,
            Response::Run(run) => panic!("a trigger without a connection ran {run:?}"),
        }
    }
}

/// What a clock in that place shows now, as a daily cron expression.
fn now_in(place: &str) -> String {
    let clock = Timestamp::now().to_zoned(TimeZone::get(place).unwrap());
    format!("cron({} {} * * ? *)", clock.minute(), clock.hour())
}

#[tokio::test]
async fn a_time_of_the_day_is_one_of_the_place() {
    let stack = stack().await;
    let now = now_in("Asia/Kolkata");
    let india = connection(&stack, "india", (&now, "off"), "Asia/Kolkata").await;
    let _britain = connection(&stack, "britain", (&now, "off"), "Europe/London").await;
    let trigger = Trigger::of(&india).await;
    assert_eq!(trigger.started(Job::FullImport).await, ["india"]);
    assert_eq!(trigger.started(Job::DeltaSync).await, [""; 0]);
    assert_eq!(trigger.invocations.take(), [("full-import".to_owned(), json!({ "connection": "india" }))]);
}

#[tokio::test]
async fn what_is_off_or_disabled_is_not_started_and_runs_when_it_is_named() {
    let stack = stack().await;
    let off = connection(&stack, "off", ("off", "off"), "UTC").await;
    let mut disabled = connection(&stack, "disabled", ("rate(1 minute)", "rate(1 minute)"), "UTC").await;
    disabled.reconnect(|document| document["enabled"] = json!(false)).await;
    let trigger = Trigger::of(&off).await;
    for job in [Job::FullImport, Job::DeltaSync] {
        assert_eq!(trigger.started(job).await, [""; 0]);
    }
    assert_eq!(off.import().await.state, RunState::Succeeded);
    assert_eq!(disabled.import().await.state, RunState::Succeeded);
}

#[tokio::test]
async fn a_rate_is_kept_and_the_longest_unserved_comes_first() {
    let stack = stack().await;
    let schedules = ("rate(1 hour)", "off");
    let early = connection(&stack, "early", schedules, "UTC").await;
    let late = connection(&stack, "late", schedules, "UTC").await;
    let _never = connection(&stack, "never", schedules, "UTC").await;
    late.later(MINUTE);
    let trigger = Trigger::of(&late).await;
    assert_eq!(trigger.started(Job::FullImport).await.len(), 3);
    late.imported().await;
    early.imported().await;
    assert_eq!(trigger.started(Job::FullImport).await, ["never"]);
    for world in [&early, &late] {
        world.let_the_last_try_be(Job::FullImport, HOUR).await;
    }
    assert_eq!(trigger.started(Job::FullImport).await, ["never", "early", "late"]);
}

#[tokio::test]
async fn an_import_of_once_in_a_while_that_broke_off_is_taken_up_after_a_minute() {
    let stack = stack().await;
    let world = connection(&stack, "acme", (SELDOM, "off"), "UTC").await;
    let trigger = Trigger::of(&world).await;
    assert_eq!(trigger.started(Job::FullImport).await, [""; 0]);
    world.sim.inject(Fault::new(Match::path("/api/v1/users?"), FaultKind::Status(503)).times(5));
    let broken = world.import().await;
    assert_eq!((broken.state, broken.problem.is_some()), (RunState::Failed, true));
    assert_eq!(trigger.started(Job::FullImport).await, [""; 0], "it has only just been tried");
    world.let_the_last_try_be(Job::FullImport, MINUTE).await;
    assert_eq!(trigger.started(Job::FullImport).await, ["acme"]);
    let taken_up = world.import().await;
    assert_eq!((taken_up.state, &taken_up.run), (RunState::Succeeded, &broken.run));
    world.let_the_last_try_be(Job::FullImport, MINUTE).await;
    assert_eq!(trigger.started(Job::FullImport).await, [""; 0], "it has ended");
}

#[tokio::test]
async fn what_fails_again_and_again_is_tried_less_and_less_until_the_connection_is_applied_again() {
    let stack = stack().await;
    let mut world = connection(&stack, "acme", ("rate(1 minute)", "off"), "UTC").await;
    let trigger = Trigger::of(&world).await;
    world.sim.revoke_token();
    for (failures, minutes) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        assert_eq!(world.import().await.state, RunState::Failed);
        world.let_the_last_try_be(Job::FullImport, (minutes - 1) * MINUTE).await;
        assert_eq!(trigger.started(Job::FullImport).await, [""; 0], "after {failures} failures");
        world.let_the_last_try_be(Job::FullImport, minutes * MINUTE).await;
        assert_eq!(trigger.started(Job::FullImport).await, ["acme"], "after {failures} failures");
    }
    world.let_the_last_try_be(Job::FullImport, MINUTE).await;
    assert_eq!(trigger.started(Job::FullImport).await, [""; 0]);
    world.reconnect(|_| ()).await;
    assert_eq!(trigger.started(Job::FullImport).await, ["acme"]);
}

#[tokio::test]
async fn a_run_at_work_is_not_started_again_and_a_delta_waits_for_the_first_import() {
    let stack = stack().await;
    let world = connection(&stack, "acme", ("rate(1 minute)", "rate(1 minute)"), "UTC").await;
    let trigger = Trigger::of(&world).await;
    let lease = world.context.directory.acquire("acme", Job::FullImport, "01JD0000000000000000000000").await.unwrap();
    world.let_the_last_try_be(Job::FullImport, HOUR).await;
    for job in [Job::FullImport, Job::DeltaSync] {
        assert_eq!(trigger.started(job).await, [""; 0]);
    }
    drop(lease);
    world.let_the_lease_lapse(Job::FullImport).await;
    for job in [Job::FullImport, Job::DeltaSync] {
        assert_eq!(trigger.started(job).await, ["acme"]);
    }
}

#[tokio::test]
async fn a_new_connection_is_imported_first_and_no_job_fails_for_want_of_it() {
    let stack = stack().await;
    let world = connection(&stack, "acme", (SELDOM, "rate(1 minute)"), "UTC").await;
    let trigger = Trigger::of(&world).await;
    assert_eq!(trigger.started(Job::DeltaSync).await, ["acme"]);
    assert_eq!(trigger.invocations.take(), [("full-import".to_owned(), json!({ "connection": "acme" }))]);
    // One that fails is not begun again at every tick of another job.
    world.sim.revoke_token();
    assert_eq!(world.import().await.state, RunState::Failed);
    assert_eq!(trigger.started(Job::DeltaSync).await, [""; 0]);
    world.let_the_last_try_be(Job::FullImport, MINUTE).await;
    assert_eq!(trigger.started(Job::DeltaSync).await, ["acme"]);
    world.sim.set_token("00simulated");
    world.context.secrets.put("rollcall/acme", "00simulated").await.unwrap();
    world.imported().await;
    trigger.invocations.take();
    assert_eq!(trigger.started(Job::DeltaSync).await, ["acme"]);
    assert_eq!(trigger.invocations.take(), [("delta-sync".to_owned(), json!({ "connection": "acme" }))]);
}

#[tokio::test]
async fn what_is_wrong_with_one_connection_delays_no_other() {
    let stack = stack().await;
    let mut worlds = Vec::new();
    for name in ["broken", "confused", "good", "refused"] {
        worlds.push(connection(&stack, name, ("rate(1 minute)", "rate(1 minute)"), "UTC").await);
    }
    worlds[0].break_the_document().await;
    worlds[1].break_the_state().await;
    let trigger = Trigger::with(&worlds[2], Invocations::refusing("refused").await).await;
    let error = trigger.trigger(Job::DeltaSync).await.unwrap_err();
    assert!(error.problem().detail.contains("full-import"), "{error}");
    let mut started = trigger.invocations.take();
    // Nothing is known of the broken one but the usual schedule of its job, which is not due at every minute.
    started.retain(|(_, event)| event["connection"] != "broken");
    let events: Vec<&Value> = started.iter().map(|(_, event)| event).collect();
    assert_eq!(events, [&json!({ "connection": "confused" }), &json!({ "connection": "good" })]);
}
