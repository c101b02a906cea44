//! The process dies: at any call that has an effect outside, before the effect or after it. Whoever starts the import
//! again takes the run up, and the directory ends as if nothing had happened.
//!
//! By default a sample of the calls is tried, another one for every seed in `ROLLCALL_KILL_SEED`; with
//! `ROLLCALL_KILL_EVERY_CALL=1` every single one is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use okta_sim::{NewUser, Options};
use rollcall::stack::Stack;
use rollcall_shared::report::{RunReport, RunState};
use rollcall_shared::{Context, Error};
use test_support::truth;
use test_support::wire::{Cut, When, Wire};
use test_support::world::{Job, PEOPLE, Setup, World, delta, deprovision, import};

use super::groups::logins;

const PEOPLE_IN_THE_ORG: usize = 23;
/// Cases that run beside each other.
const AT_ONCE: usize = 6;
/// How many calls of each scene are tried by default.
const SAMPLE: usize = 14;

/// What the org has been through when the import is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// Nothing: it is the first import.
    First,
    /// People left, came, changed and were deleted just now.
    JustNow,
    /// The same, a day ago.
    LongAgo,
    /// People left, came and changed, and groups did, since the import; the delta follows it.
    Delta,
    /// People left, came back, and joined and left groups; the log tells of it.
    Log,
}

impl Scene {
    fn job(self) -> Job {
        match self {
            Scene::First | Scene::JustNow | Scene::LongAgo => Job::FullImport,
            Scene::Delta => Job::DeltaSync,
            Scene::Log => Job::Deprovisioning,
        }
    }

    async fn run(self, context: &Context, connection: &str) -> Result<RunReport, Error> {
        match self {
            Scene::Delta => delta(context, connection).await,
            Scene::Log => deprovision(context, connection).await,
            Scene::First | Scene::JustNow | Scene::LongAgo => import(context, connection).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_first_import_is_taken_up_and_ends_in_the_truth() {
    survive(Scene::First).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_of_changes_just_made_ends_in_the_truth() {
    survive(Scene::JustNow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_of_old_changes_ends_in_the_truth() {
    survive(Scene::LongAgo).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_delta_ends_in_the_truth() {
    survive(Scene::Delta).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_look_at_the_log_ends_in_the_truth() {
    survive(Scene::Log).await;
}

/// Kills a job of the scene at many calls, each in a world of its own.
async fn survive(scene: Scene) {
    let stack = Arc::new(Stack::in_memory().await.expect("the stack starts"));
    let (calls, reference) = unharmed(&stack, scene).await;
    let cuts = cuts(calls);
    let cases = cuts.into_iter().map(|cut| {
        let (stack, reference) = (Arc::clone(&stack), reference.clone());
        tokio::spawn(async move { case(stack, scene, cut, &reference).await })
    });
    let found: Vec<_> = stream::iter(cases).buffer_unordered(AT_ONCE).collect().await;
    let found: Vec<String> = found.into_iter().flat_map(|found| found.expect("no case panics")).collect();
    assert!(found.is_empty(), "{} findings in {calls} calls:\n{}", found.len(), found.join("\n"));
}

/// The same import with nobody killed: how many calls it makes, and what it reports.
async fn unharmed(stack: &Arc<Stack>, scene: Scene) -> (u64, RunReport) {
    let wire = Wire::default();
    let (world, _) = set(stack, scene, "unharmed", &wire).await;
    wire.mend();
    let report = scene.run(&world.context, "unharmed").await.expect("a run is opened");
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    world.assert_true().await;
    (wire.calls(), report)
}

fn cuts(calls: u64) -> Vec<Cut> {
    let every = std::env::var("ROLLCALL_KILL_EVERY_CALL").is_ok();
    let seed = std::env::var("ROLLCALL_KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let when = [When::BeforeItsEffect, When::AfterItsEffect];
    let mut cuts: Vec<Cut> = (1..=calls).flat_map(|at| when.map(|when| Cut { at, when })).collect();
    if !every {
        fastrand::Rng::with_seed(seed).shuffle(&mut cuts);
        cuts.truncate(SAMPLE);
    }
    cuts
}

/// A world in which the scene has happened, and those whom it left alone.
async fn set(stack: &Arc<Stack>, scene: Scene, connection: &str, wire: &Wire) -> (World, BTreeSet<String>) {
    let okta = Options { page_size_cap: 4, limit_per_minute: 600_000, ..Options::default() };
    let setup = Setup {
        seed: 3,
        people: PEOPLE_IN_THE_ORG,
        okta,
        wire: Some(wire.clone()),
        connection: connection.to_owned(),
        stack: Some(Arc::clone(stack)),
        ..Setup::default()
    };
    let mut world = World::new(setup).await;
    let departments = serde_json::json!({ "preset": "leanix-departments" });
    world.reconnect(|document| document["mappings"].as_array_mut().expect("a list").push(departments)).await;
    let mut untouched: BTreeSet<String> = world.people(|_| true).into_iter().collect();
    if scene == Scene::First {
        return (world, untouched);
    }
    let active = world.active();
    match scene {
        Scene::Delta => return change_for_a_delta(world, untouched, &active).await,
        Scene::Log => return leave_and_come_back(world, untouched, &active).await,
        Scene::First | Scene::JustNow | Scene::LongAgo => {}
    }
    let first = world.import().await;
    assert_eq!(first.state, RunState::Succeeded, "{:?}", first.problem);
    world.sim.with(|org| {
        assert!(org.deactivate(&active[0]) && org.delete(&active[1]) && org.suspend(&active[2]));
        assert!(org.rename(&active[3], "Grace", "Hopper") && org.move_department(&active[4], "Legal"));
        assert!(org.move_department(&active[5], "Sales") && org.delete(&active[6]));
        org.create(NewUser::new("Mary", "Somerville", "mary@acme.example").department("Sales"));
        org.create(NewUser::new("Not", "Yet", "not.yet@acme.example").staged());
    });
    untouched.retain(|id| !active[..7].contains(id));
    if scene == Scene::LongAgo {
        world.later(Duration::from_secs(24 * 3_600));
    }
    (world, untouched)
}

/// Login users by group besides: three administrators, of whom one is of the five users as well.
async fn add_logins(world: &mut World, active: &[String]) -> (String, String) {
    let admins = world.group("Admins", &active[6..9]);
    let users = world.group("Users", &active[8..13]);
    world.reconnect(|document| document["mappings"].as_array_mut().expect("a list").push(logins())).await;
    (admins, users)
}

/// Login users by group besides, imported; then people and groups change.
async fn change_for_a_delta(
    mut world: World,
    mut untouched: BTreeSet<String>,
    active: &[String],
) -> (World, BTreeSet<String>) {
    let (admins, users) = add_logins(&mut world, active).await;
    let first = world.import().await;
    assert_eq!(first.state, RunState::Succeeded, "{:?}", first.problem);
    world.later(Duration::from_secs(3_600));
    world.sim.with(|org| {
        assert!(org.deactivate(&active[0]) && org.suspend(&active[2]) && org.rename(&active[3], "Grace", "Hopper"));
        assert!(org.move_department(&active[4], "Legal") && org.move_department(&active[5], "Sales"));
        assert!(org.remove_from_group(&active[6], &admins) && org.add_to_group(&active[9], &admins));
        assert!(org.remove_from_group(&active[10], &users) && org.add_to_group(&active[1], &users));
        let mary = org.create(NewUser::new("Mary", "Somerville", "mary@acme.example").department("Sales"));
        assert!(org.add_to_group(&mary, &users));
    });
    untouched.retain(|id| !active[..11].contains(id));
    (world, untouched)
}

/// Login users by group besides, imported; then people leave, come back and move between groups.
async fn leave_and_come_back(
    mut world: World,
    mut untouched: BTreeSet<String>,
    active: &[String],
) -> (World, BTreeSet<String>) {
    let (admins, users) = add_logins(&mut world, active).await;
    world.sim.with(|org| assert!(org.suspend(&active[1])));
    world.later(Duration::from_secs(3_600));
    let first = world.import().await;
    assert_eq!(first.state, RunState::Succeeded, "{:?}", first.problem);
    world.later(Duration::from_secs(3_600));
    // The usual quiet polls have been before.
    let quiet = world.deprovision().await;
    assert_eq!(quiet.state, RunState::Succeeded, "{:?}", quiet.problem);
    world.later(Duration::from_secs(60));
    world.sim.with(|org| {
        assert!(org.deactivate(&active[0]) && org.unsuspend(&active[1]) && org.delete(&active[2]));
        assert!(org.suspend(&active[3]) && org.remove_from_group(&active[6], &admins));
        assert!(org.remove_from_group(&active[10], &users) && org.add_to_group(&active[9], &admins));
    });
    untouched.retain(|id| !active[..11].contains(id));
    (world, untouched)
}

/// One case; what was found wrong.
async fn case(stack: Arc<Stack>, scene: Scene, cut: Cut, reference: &RunReport) -> Vec<String> {
    let wire = Wire::default();
    let name = format!("{scene:?}-{}-{:?}", cut.at, cut.when).to_lowercase();
    let (world, untouched) = set(&stack, scene, &name, &wire).await;
    let process = world.new_process().await;
    let before = runs(&world).await;
    let running = {
        let name = name.clone();
        async move { scene.run(&process, &name).await }
    };
    // Calls beside each other make the number of calls differ a little.
    let call = wire.kill(cut, running).await.unwrap_or_else(|| "the end".to_owned());
    let killed = runs(&world).await.difference(&before).next().cloned();
    world.let_the_lease_lapse(scene.job()).await;
    let report = scene.run(&world.new_process().await, &name).await;
    let found = match report {
        Ok(report) => findings(&world, &untouched, &report, (killed.as_ref(), reference)).await,
        Err(error) => vec![format!("the run could not be taken up: {error}")],
    };
    found.into_iter().map(|found| format!("{name} ({call}): {found}")).collect()
}

async fn runs(world: &World) -> BTreeSet<String> {
    let runs = world.stack.context.directory.runs(&world.connection.name).await.expect("the runs can be listed");
    runs.into_iter().map(|run| run.run).collect()
}

/// Writes of records that the feed does not tell.
async fn untold(world: &World) -> Vec<String> {
    let (changes, _) = world.changes(None).await;
    let told: BTreeSet<_> = changes.iter().map(|entry| (&*entry.mapping, &*entry.id, entry.revision)).collect();
    let mut untold = Vec::new();
    for mapping in world.connection.mappings.iter().map(|mapping| mapping.name.as_str()) {
        let records = world.records(mapping).await;
        let written = records.values().flat_map(|record| (1..=record.revision).map(|revision| (&*record.id, revision)));
        let missing = written.filter(|(id, revision)| !told.contains(&(mapping, id, *revision)));
        untold
            .extend(missing.map(|(id, revision)| format!("{mapping}: revision {revision} of {id} is not in the feed")));
    }
    untold
}

async fn findings(
    world: &World,
    untouched: &BTreeSet<String>,
    report: &RunReport,
    (killed, reference): (Option<&String>, &RunReport),
) -> Vec<String> {
    let mut found = truth::compare(&world.stack.context, &world.connection, &world.sim).await;
    if report.state != RunState::Succeeded {
        found.push(format!("ended {:?}: {:?}", report.state, report.problem));
    }
    for (mapping, counts) in &report.mappings {
        if !counts.add_up() {
            found.push(format!("{mapping}: {counts:?}"));
        }
    }
    let was_taken_up = killed == Some(&report.run);
    if was_taken_up && report.mappings != reference.mappings {
        found.push(format!("counted {:?}, not {:?}", report.mappings, reference.mappings));
    }
    let records = world.records(PEOPLE).await;
    for record in untouched.iter().filter_map(|id| records.get(id)).filter(|record| record.revision != 1) {
        found.push(format!("{} was written {} times, though nobody changed it", record.id, record.revision));
    }
    found.extend(untold(world).await);
    found.extend(world.unsynced().await.into_iter().map(|row| format!("{} is unsynced: {}", row.id, row.message)));
    found
}
