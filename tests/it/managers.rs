//! Managers: a record shows whose record its manager's is, whoever came first and whatever the org knows managers by.

use std::time::Duration;

use okta_sim::NewUser;
use rollcall_shared::report::{RunReport, RunState};
use serde_json::{Value, json};
use test_support::world::{PEOPLE, World, counts};

const HOUR: Duration = Duration::from_secs(3_600);

/// A world whose first mapping resolves managers by `profile.managerId`.
async fn world() -> World {
    let mut world = World::of(5).await;
    world
        .reconnect(|document| {
            let mapping = &mut document["mappings"][0];
            mapping["fields"] = json!({ "name": "profile.firstName", "manager": "profile.managerId" });
            (mapping["resolve"], mapping["rejoin"]) = (json!("manager"), json!("profile.employeeNumber"));
        })
        .await;
    world
}

fn hire(world: &World, name: &str, manager: impl Into<Value>) -> String {
    let person = NewUser::new(name, "Byron", &format!("{name}@acme.example")).with("managerId", manager);
    world.sim.with(|org| org.create(person.with("employeeNumber", format!("no-{name}"))))
}

async fn import(world: &World) -> RunReport {
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(counts(&report, PEOPLE).add_up(), "{report:?}");
    report
}

async fn manager(world: &World, id: &str) -> Value {
    world.record(PEOPLE, id).await.expect("a record is there").fields["manager"].clone()
}

fn shown(id: &str, name: &str) -> Value {
    json!({ "id": id, "identifier": format!("{name}@acme.example") })
}

#[tokio::test]
async fn managers_are_known_by_id_identifier_or_number_whoever_came_first() {
    let world = world().await;
    // Each of the first three before their manager.
    let ada = hire(&world, "ada", "no-dora");
    let ben = hire(&world, "ben", " CLEO@acme.example ");
    let cleo = hire(&world, "cleo", "nobody@acme.example");
    let dora = hire(&world, "dora", Value::Null);
    let eve = hire(&world, "eve", cleo.clone());
    let report = import(&world).await;
    assert_eq!(counts(&report, PEOPLE).created, counts(&report, PEOPLE).read, "a manager found later is no update");
    assert_eq!(manager(&world, &ada).await, shown(&dora, "dora"));
    assert_eq!(manager(&world, &ben).await, shown(&cleo, "cleo"));
    assert_eq!(manager(&world, &eve).await, shown(&cleo, "cleo"));
    assert_eq!([manager(&world, &cleo).await, manager(&world, &dora).await], [Value::Null, Value::Null]);
    assert_eq!(report.warnings, ["1 people of the mapping people have a manager of whom it has no record."]);

    let (_, told) = world.changes(None).await;
    let again = counts(&import(&world).await, PEOPLE);
    assert_eq!(again.unchanged, again.read);
    assert_eq!(world.changes(Some(&told)).await.0, [], "what was found once is not written again");
}

#[tokio::test]
async fn a_manager_who_comes_changes_or_goes_is_followed() {
    let world = world().await;
    let ada = hire(&world, "ada", "boss@acme.example");
    import(&world).await;
    assert_eq!(manager(&world, &ada).await, Value::Null);

    let boss = hire(&world, "boss", Value::Null);
    let found = counts(&import(&world).await, PEOPLE);
    assert_eq!((found.created, found.updated), (1, 1), "{found:?}");
    assert_eq!(manager(&world, &ada).await, shown(&boss, "boss"));

    // Known by id, the manager stays whoever they are called.
    world.sim.with(|org| {
        assert!(org.set_profile(&ada, "managerId", boss.as_str()) && org.set_login(&boss, "chief@acme.example"));
    });
    import(&world).await;
    assert_eq!(manager(&world, &ada).await, shown(&boss, "chief"));

    world.sim.with(|org| assert!(org.set_profile(&ada, "title", "Countess") && org.deactivate(&boss)));
    import(&world).await;
    assert_eq!(manager(&world, &ada).await, shown(&boss, "chief"), "who left has a record still");
    world.sim.with(|org| assert!(org.unset_profile(&ada, "managerId")));
    import(&world).await;
    assert_eq!(manager(&world, &ada).await, Value::Null);
}

#[tokio::test]
async fn nobody_is_taken_for_the_manager_where_two_could_be() {
    let world = world().await;
    let ada = hire(&world, "ada", "no-twin");
    for name in ["one", "other"] {
        let id = hire(&world, name, Value::Null);
        world.sim.with(|org| assert!(org.set_profile(&id, "employeeNumber", "no-twin")));
    }
    world.import().await;
    assert_eq!(manager(&world, &ada).await, Value::Null);
}

#[tokio::test]
async fn a_delta_finds_those_whose_manager_changed_though_they_did_not() {
    let world = world().await;
    let cleo = hire(&world, "cleo", Value::Null);
    world.later(HOUR);
    let ben = hire(&world, "ben", cleo.clone());
    import(&world).await;
    world.later(HOUR);
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    world.later(HOUR);
    world.sim.with(|org| assert!(org.set_login(&cleo, "chief@acme.example")));
    let report = world.delta().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert_eq!(manager(&world, &ben).await, shown(&cleo, "chief"));
    assert_eq!((counts(&report, PEOPLE).read, counts(&report, PEOPLE).updated), (2, 2));
    assert_eq!(report.progress.done, 2);
}
