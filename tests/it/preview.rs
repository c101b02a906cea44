//! Preview: what it says is what an import does, it writes nothing, and a saved plan is carried out to the letter or not
//! at all.

use std::time::Duration;

use okta_sim::{NewUser, Options};
use rollcall_shared::config::Tuning;
use rollcall_shared::handlers::full_import;
use rollcall_shared::handlers::preview::{Preview, PreviewOptions, Previewed, preview};
use rollcall_shared::model::{FromTo, Outcome, Plan, Rule};
use rollcall_shared::report::{RunReport, RunState};
use serde_json::json;
use test_support::world::{CUSTODIANS, PEOPLE, Setup, World, counts, problem};

const HOUR: Duration = Duration::from_secs(3_600);

async fn previewed(world: &World) -> (Preview, Vec<Previewed>) {
    let mut changes = Vec::new();
    let done = preview(&world.context, &world.connection.name, PreviewOptions::default(), |it| changes.push(it)).await;
    (done.unwrap(), changes)
}

async fn carry_out(world: &World, plan: &Plan) -> RunReport {
    full_import::carry_out(&world.context, plan).await.unwrap()
}

/// What was said of one person under one mapping.
fn of<'a>(changes: &'a [Previewed], mapping: &str, id: &str) -> &'a Previewed {
    changes.iter().find(|change| change.mapping == mapping && change.id == id).unwrap()
}

fn field<'a>(change: &'a Previewed, name: &str) -> (&'a serde_json::Value, &'a serde_json::Value) {
    let FromTo { from, to } = &change.changed[name];
    (from, to)
}

/// A world with records, whose org has changed in every way since. Gives the people concerned.
struct Changed {
    world: World,
    renamed: String,
    moved: String,
    gone: String,
    back: String,
    new: String,
    nameless: String,
}

async fn changed() -> Changed {
    let mut world = World::of(60).await;
    world.reconnect(|document| document["mappings"][0]["required"] = json!(["email"])).await;
    let custodians = |world: &World| {
        world.people(|user| {
            let department = user.text("department").unwrap_or_default();
            user.status == okta_sim::Status::Active && department == "Engineering"
        })
    };
    let people = custodians(&world);
    let [renamed, moved, gone, back, nameless] = &people[..5] else { panic!("too few engineers") };
    world.sim.with(|org| org.suspend(back));
    world.import().await;
    let new = world.sim.with(|org| {
        org.rename(renamed, "Grace", "Hopper");
        org.move_department(moved, "Legal");
        org.deactivate(gone);
        org.unsuspend(back);
        org.set_profile(nameless, "email", "");
        org.create(NewUser::new("Mary", "Somerville", "mary@acme.example").department("Sales"))
    });
    world.later(HOUR);
    let [renamed, moved, gone, back, nameless] = [renamed, moved, gone, back, nameless].map(Clone::clone);
    Changed { world, renamed, moved, gone, back, new, nameless }
}

#[tokio::test]
async fn every_outcome_is_told_with_its_differences_or_its_rule_and_nothing_is_written() {
    let Changed { world, renamed, moved, gone, back, new, nameless } = changed().await;
    let (before, unsynced) = (world.directory().await, world.unsynced().await);
    let (Preview { report, plan }, changes) = previewed(&world).await;
    assert_eq!((world.directory().await, world.unsynced().await), (before, unsynced));
    assert!(world.held().await.is_empty());
    assert_eq!(world.stack.context.directory.runs("acme").await.unwrap().len(), 1);

    let change = of(&changes, PEOPLE, &renamed);
    assert_eq!((change.outcome, field(change, "fields.name").1), (Outcome::Updated, &json!("Grace Hopper")));
    assert!(change.changed.values().all(|it| it.from != it.to));
    let change = of(&changes, CUSTODIANS, &moved);
    assert_eq!((change.outcome, change.rule), (Outcome::Deactivated, Some(Rule::Departments)));
    assert_eq!((change.reason.as_deref(), field(change, "state").1), (Some("out_of_scope"), &json!("inactive")));
    let change = of(&changes, PEOPLE, &gone);
    assert_eq!((change.outcome, change.reason.as_deref()), (Outcome::Deactivated, Some("deactivated")));
    assert_eq!(field(change, "okta_status"), (&json!("ACTIVE"), &json!("DEPROVISIONED")));
    // That they left is the reason, not the filter that no longer admits them.
    let change = of(&changes, CUSTODIANS, &gone);
    assert_eq!((change.reason.as_deref(), change.rule), (Some("deactivated"), None));
    assert_eq!(of(&changes, PEOPLE, &back).outcome, Outcome::Reactivated);
    let change = of(&changes, PEOPLE, &new);
    assert_eq!((change.outcome, change.identifier.as_deref()), (Outcome::Created, Some("mary@acme.example")));
    let change = of(&changes, PEOPLE, &nameless);
    assert_eq!((change.outcome, change.reason.as_deref()), (Outcome::Unsynced, Some("missing_required")));
    assert!(change.message.as_deref().unwrap().contains("fields.email"));
    let excluded = changes.iter().filter(|it| it.outcome == Outcome::Excluded);
    assert!(excluded.clone().count() > 0 && excluded.clone().all(|it| it.rule.is_some()));
    assert!(report.rules[CUSTODIANS].values().sum::<u64>() > 0);
    assert!(plan.changes.iter().all(|change| change.id != nameless || change.mapping != PEOPLE));

    // What was said is what an import does.
    let done = world.import().await;
    assert_eq!(done.state, RunState::Succeeded);
    assert_eq!(done.mappings, report.mappings);
}

#[tokio::test]
async fn duplicates_are_told_from_records_and_from_the_listed_people() {
    let mut world = World::of(6).await;
    world.reconnect(|document| document["mappings"][0]["identifier"] = "profile.email".into()).await;
    let create = |first: &str, mail: &str| world.sim.with(|org| org.create(NewUser::new(first, "Byron", mail)));
    let (holder, left) = (create("Ada", "ada@acme.example"), create("Eve", "eve@acme.example"));
    world.sim.with(|org| org.deactivate(&left));
    world.later(HOUR);
    world.import().await;
    let (waits, hired) = (create("Ida", "ADA@acme.example"), create("Eve", "eve@acme.example"));
    let first = create("Una", "una@acme.example");
    world.later(HOUR);
    let second = create("Uno", "una@acme.example");
    world.later(HOUR);
    let (Preview { report, plan }, changes) = previewed(&world).await;
    for (id, other) in [(&waits, &holder), (&second, &first)] {
        let change = of(&changes, PEOPLE, id);
        assert_eq!((change.outcome, change.reason.as_deref()), (Outcome::Unsynced, Some("duplicate_identifier")));
        assert!(change.message.as_deref().unwrap().contains(other.as_str()), "{change:?}");
    }
    assert_eq!(of(&changes, PEOPLE, &hired).outcome, Outcome::Reactivated);
    assert_eq!(of(&changes, PEOPLE, &first).outcome, Outcome::Created);
    let carried_out = carry_out(&world, &plan).await;
    assert_eq!(counts(&carried_out, PEOPLE).reactivated, 1, "{carried_out:?}");
    let (said, done) = (report.mappings[PEOPLE], world.import().await.mappings[PEOPLE]);
    assert_eq!((said.unsynced, done.unsynced, done.created + done.updated), (2, 2, 0));
}

#[tokio::test]
async fn the_cost_is_told_before() {
    for people in [150, 700] {
        let okta = Options { limit_per_minute: 600, ..Options::default() };
        let world = World::new(Setup { people, okta, tuning: Tuning::default(), ..Setup::default() }).await;
        let (Preview { report, .. }, _) = previewed(&world).await;
        let cost = report.cost;
        let used = world.import().await;
        let near = |estimate: f64, used: f64| (estimate - used).abs() <= used * 0.2;
        assert!(near(cost.okta_calls as f64, used.okta.calls as f64), "{cost:?} {:?}", used.okta);
        assert!(near(cost.write_units, used.dynamodb.write_units), "{cost:?} {:?}", used.dynamodb);
        assert!((550.0..=600.0).contains(&cost.calls_a_minute.unwrap()), "{cost:?}");
        assert_eq!((cost.people_read, cost.people_expected), (people as u64, people as u64));
    }
}

#[tokio::test]
async fn a_plan_is_carried_out_and_nothing_beside_it() {
    let Changed { world, renamed, gone, new, .. } = changed().await;
    let (Preview { report, plan }, _) = previewed(&world).await;
    // Later than the plan: somebody whom it does not know of, and somebody whom it knows otherwise.
    let unknown = world.sim.with(|org| {
        org.rename(&renamed, "Rear Admiral", "Hopper");
        org.create(NewUser::new("Not", "Planned", "not.planned@acme.example"))
    });
    world.later(HOUR);
    let before = world.record(PEOPLE, &renamed).await;
    let calls = world.sim.calls().len();
    let done = carry_out(&world, &plan).await;
    assert_eq!(done.state, RunState::Succeeded, "{:?}", done.problem);
    assert!(world.sim.calls()[calls..].iter().all(|call| !call.path_and_query.contains("search=")));
    assert_eq!(done.mappings.values().map(|counts| counts.read).sum::<u64>(), plan.changes.len() as u64);
    assert!(done.mappings.values().all(|counts| counts.add_up()));
    let (said, was) = (report.mappings[PEOPLE], counts(&done, PEOPLE));
    assert_eq!((was.created, was.deactivated, was.reactivated), (said.created, said.deactivated, said.reactivated));
    assert_eq!((was.updated, was.stale), (said.updated - 1, 1));
    assert!(done.warnings.iter().any(|warning| warning.contains("plan")));
    assert_eq!(world.record(PEOPLE, &renamed).await, before);
    assert!(world.record(PEOPLE, &unknown).await.is_none() && world.record(PEOPLE, &new).await.is_some());
    assert!(world.standing(PEOPLE, &gone).await.is_some());
    // The next import does the rest.
    let next = world.import().await;
    assert_eq!((counts(&next, PEOPLE).created, counts(&next, PEOPLE).updated), (1, 1));
}

#[tokio::test]
async fn a_plan_of_a_new_connection_can_be_its_beginning() {
    let world = World::of(30).await;
    let (Preview { plan, .. }, _) = previewed(&world).await;
    assert_eq!(carry_out(&world, &plan).await.state, RunState::Succeeded);
    world.assert_true().await;
    assert_eq!(world.import().await.mappings[PEOPLE].unchanged, 30);
}

#[tokio::test]
async fn the_guard_holds_what_a_plan_lists_too() {
    let world = World::new(Setup { people: 60, max_deactivations: 2, ..Setup::default() }).await;
    world.import().await;
    let leavers = world.active()[..5].to_vec();
    world.sim.with(|org| leavers.iter().for_each(|id| assert!(org.deactivate(id))));
    world.later(HOUR);
    let (Preview { plan, .. }, _) = previewed(&world).await;
    let before = world.directory().await;
    let held = carry_out(&world, &plan).await;
    assert_eq!((held.state, counts(&held, PEOPLE).held), (RunState::Held, 5));
    assert_eq!(world.records(PEOPLE).await, before[0]);
    let approved = rollcall_shared::handlers::approve::approve(&world.context, &held.run).await.unwrap();
    assert_eq!(counts(&approved, PEOPLE).deactivated, 5);
}

async fn assert_refused(world: &World, plan: &Plan, because: &str) {
    let (before, unsynced) = (world.directory().await, world.unsynced().await);
    let refused = carry_out(world, plan).await;
    assert_eq!((refused.state, problem(&refused)), (RunState::Failed, "plan-moved"));
    let detail = refused.problem.unwrap().detail;
    assert!(detail.contains(because), "{detail}");
    assert_eq!((world.directory().await, world.unsynced().await), (before, unsynced));
}

#[tokio::test]
async fn a_plan_is_refused_when_the_directory_has_moved() {
    let Changed { world, renamed, .. } = changed().await;
    let (Preview { plan, .. }, _) = previewed(&world).await;
    world.import().await;
    assert_refused(&world, &plan, "records changed since").await;
    let only: Vec<_> = plan.changes.iter().filter(|it| it.id == renamed && it.mapping == PEOPLE).cloned().collect();
    let plan = Plan { changes: only, ..plan };
    assert_refused(&world, &plan, &format!("{renamed} in {PEOPLE} (revision 2, planned from revision 1)")).await;
    // A refusal is no beginning of anything: imports go on as before.
    assert_eq!(world.import().await.state, RunState::Succeeded);
}

#[tokio::test]
async fn a_plan_of_other_mappings_is_refused() {
    let Changed { mut world, .. } = changed().await;
    let (Preview { plan, .. }, _) = previewed(&world).await;
    world.reconnect(|document| document["mappings"][0]["fields"]["email"] = "profile.login".into()).await;
    assert_refused(&world, &plan, "mappings").await;
}
