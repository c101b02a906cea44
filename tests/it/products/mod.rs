//! The products whose Okta integration Rollcall stands in for: what each of them documents, walked from end to end with
//! its preset.

mod asset_panda;
mod infraon;
mod leanix;
mod sekoia;
mod xassets;

use std::time::Duration;

use okta_sim::Status;
use rollcall_shared::handlers::preview::{PreviewOptions, preview};
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Connection, RejectionReason};
use rollcall_shared::report::{Counts, RunReport, RunState};
use serde_json::{Value, json};
use test_support::world::{Setup, World, document};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An org of this many people, to which a connection with these mappings leads; nothing is imported yet.
async fn connected(people: usize, mappings: Value) -> World {
    let mut world = World::of(people).await;
    world.map(mappings).await;
    world
}

/// What the operator of a new connection does: verify it, look at the preview, import. What the preview says is what
/// happens.
async fn installed(world: &World) -> RunReport {
    let name = &world.connection.name;
    let lines = verify(&world.context, name).await.expect("verify answers");
    assert!(lines.len() >= 4 && lines.iter().all(|line| line.ok), "{lines:?}");
    let said = preview(&world.context, name, PreviewOptions::default(), |_| ()).await.expect("a preview is made");
    for mapping in &world.connection.mappings {
        assert!(world.records(&mapping.name).await.is_empty(), "a preview writes nothing");
    }
    let report = world.imported().await;
    // Where groups alone admit, an import reads their members, and a preview everybody, to say whom it leaves out.
    // Departments follow from their people, of whom a preview tells.
    let read = report.mappings.iter().filter(|(mapping, _)| said.report.mappings.contains_key(*mapping));
    for (mapping, done) in read {
        let written = |counts: Counts| Counts { read: 0, excluded: 0, ..counts };
        assert_eq!(written(*done), written(said.report.mappings[mapping]), "{mapping}");
    }
    report
}

/// The import of the next day, which has to succeed and to leave the directory true.
async fn next_day(world: &World) -> RunReport {
    world.later(DAY);
    world.imported().await
}

/// The import of the next day, with somebody in the org whom the directory cannot have as the org does.
async fn next_day_with_unsynced(world: &World) -> RunReport {
    world.later(DAY);
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.mappings.values().all(|counts| counts.add_up()), "{report:?}");
    report
}

/// What is wrong with a connection of these mappings; a line for each fault.
fn faults(mappings: Value) -> Vec<String> {
    let mut document = document(&Setup::default(), "https://acme.okta.com");
    document["mappings"] = mappings;
    let faults = Connection::parse(&document.to_string()).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

/// Why somebody is unsynced under a mapping, if they are.
async fn unsynced(world: &World, mapping: &str, id: &str) -> Option<RejectionReason> {
    let rows = world.unsynced().await;
    rows.into_iter().find(|row| row.mapping == mapping && row.id == id).map(|row| row.reason)
}

/// The role of a login user.
async fn role(world: &World, mapping: &str, id: &str) -> Option<String> {
    world.record(mapping, id).await.unwrap_or_else(|| panic!("{id} has no record in {mapping}")).role
}

/// The fields of a record.
async fn fields(world: &World, mapping: &str, id: &str) -> Value {
    let record = world.record(mapping, id).await.unwrap_or_else(|| panic!("{id} has no record in {mapping}"));
    json!(record.fields)
}

/// Active people who share their mail address with nobody, in the order of their creation.
fn reachable(world: &World) -> Vec<String> {
    world.people(|user| user.status == Status::Active && user.text("email") == Some(user.login()))
}
