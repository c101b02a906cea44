//! The chapters, in order. Each changes the org, or the view of it, runs what an operator would run, and says what to
//! see in it.

use std::time::Duration;

use okta_sim::Role;
use rollcall_shared::handlers::approve::approve;
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Job, Reason};
use rollcall_shared::report::{Counts, RunReport, RunState};

use super::check::{Snapshot, equals_the_org, held};
use super::scene::Scene;
use super::tell::Teller;
use crate::failure::Failure;
use crate::output::numbers::{grouped, units};

pub(super) async fn an_org_and_a_connection(teller: &mut Teller<'_>, scene: &Scene) -> Result<(), Failure> {
    teller.chapter("An org, and a connection to it")?;
    let people = grouped(scene.sim.with(|org| org.len()) as u64);
    teller.say(&format!("A simulated Okta org with {people} people answers at {}.", scene.sim.url()))?;
    teller.say("A connection says where the org is, what to make of its people, and how careful to be:\n")?;
    teller.say(&scene.document())?;
    teller.say("It is stored, its token apart from it. Does everything it needs answer? (rollcall verify acme)\n")?;
    let checks = verify(&scene.stack.context, &scene.connection.name).await?;
    teller.checks(&checks)?;
    teller.claim(checks.iter().all(|check| check.ok), "Every API that the connection needs answers.")
}

pub(super) async fn the_org_arrives(teller: &mut Teller<'_>, scene: &Scene) -> Result<(), Failure> {
    teller.chapter("The org arrives")?;
    teller.say("The first full import (rollcall sync acme full-import):\n")?;
    let run = teller.full_import(scene).await?;
    teller.say(&rate(&run))?;
    let people = scene.sim.with(|org| org.len()) as u64;
    teller.claim(
        run.state == RunState::Succeeded && run.mappings.values().all(|counts| counts.read == people),
        "The run succeeded, and counted everyone once.",
    )?;
    teller.claim(equals_the_org(scene).await?, "The directory is what the org makes it, record by record.")?;
    teller.say("\nA few of the records (rollcall list acme people):\n")?;
    let mut ids = vec![scene.ada.clone(), scene.charles.clone()];
    ids.extend(scene.some_active(3)?);
    teller.records(scene, "people", &ids).await?;
    teller.records(scene, "custodians", &ids).await
}

pub(super) async fn nothing_changed(teller: &mut Teller<'_>, scene: &Scene) -> Result<(), Failure> {
    teller.chapter("Nothing changed, nothing is written")?;
    let before = held(scene).await?;
    let run = teller.full_import(scene).await?;
    let people = counts(&run, "people");
    teller.claim(
        people.unchanged == people.read && before == held(scene).await?,
        &format!(
            "{} unchanged; no record was written. (The {} write units are the run's own notes.)",
            grouped(people.unchanged),
            units(run.dynamodb.write_units)
        ),
    )?;
    teller.say("\nBetween imports, which are weekly, a delta-sync asks every 15 minutes who changed:\n")?;
    let delta = teller.job(scene, Job::DeltaSync).await?;
    teller.claim(
        delta.state == RunState::Succeeded && delta.okta.calls <= 3 && before == held(scene).await?,
        &format!("Nobody, for {} calls.", delta.okta.calls),
    )
}

pub(super) async fn some_people_leave(teller: &mut Teller<'_>, scene: &mut Scene) -> Result<(), Failure> {
    teller.chapter("Some people leave")?;
    teller.say("Five are deactivated in Okta, and Charles is deleted. Okta's log is followed every minute:\n")?;
    let before = held(scene).await?;
    let mut leavers = scene.some_active(5)?;
    scene.sim.with(|org| {
        leavers.iter().for_each(|id| _ = org.deactivate(id));
        org.delete(&scene.charles);
    });
    for mapping in ["people", "custodians"] {
        scene.gone.insert((mapping.to_owned(), scene.charles.clone()), Reason::Deleted);
    }
    let run = teller.job(scene, Job::Deprovisioning).await?;
    leavers.push(scene.charles.clone());
    leavers.sort_unstable();
    let inactive = newly_inactive(&before, &held(scene).await?, "people");
    teller.claim(
        run.state == RunState::Succeeded && inactive == leavers,
        "Exactly these six are inactive now, each for a reason:",
    )?;
    teller.records(scene, "people", &inactive).await?;
    let lag = run.lag_seconds.unwrap_or_default();
    let events = format!("From Okta's event to the inactive record it took {} s at most.", units(lag.max));
    teller.claim(lag.max < 60.0, &events)?;
    teller.claim(equals_the_org(scene).await?, "The directory is what the org makes it.")
}

pub(super) async fn somebody_moves(teller: &mut Teller<'_>, scene: &mut Scene) -> Result<(), Failure> {
    teller.chapter("Somebody moves")?;
    teller.say("Ada moves from Finance to Research, and the delta-sync finds it:\n")?;
    scene.sim.with(|org| org.move_department(&scene.ada, "Research"));
    scene.gone.insert(("custodians".to_owned(), scene.ada.clone()), Reason::OutOfScope);
    let run = teller.job(scene, Job::DeltaSync).await?;
    teller.claim(run.state == RunState::Succeeded, "The run succeeded.")?;
    teller.say("Ada is still one of the people, but no custodian any more:")?;
    teller.records(scene, "people", std::slice::from_ref(&scene.ada)).await?;
    teller.records(scene, "custodians", std::slice::from_ref(&scene.ada)).await?;
    teller.claim(equals_the_org(scene).await?, "The directory is what the org makes it.")
}

pub(super) async fn too_many_leave(teller: &mut Teller<'_>, scene: &mut Scene) -> Result<(), Failure> {
    teller.chapter("Too many leave at once")?;
    let count = (scene.sim.with(|org| org.len()) / 5).max(8);
    let leavers = scene.some_active(count)?;
    scene.sim.with(|org| leavers.iter().for_each(|id| _ = org.deactivate(id)));
    teller.say(&format!(
        "{} people are deactivated in Okta. Is that a reorganisation, or a mistake? The guard does not guess:\n",
        grouped(count as u64)
    ))?;
    let before = held(scene).await?;
    let run = teller.full_import(scene).await?;
    let people = counts(&run, "people");
    teller.claim(
        run.state == RunState::Held && newly_inactive(&before, &held(scene).await?, "people").is_empty(),
        &format!("The run is held: {} deactivations wait, none was carried out.", grouped(people.held)),
    )?;
    teller.say(&format!("\nA person looks at it, and agrees (rollcall approve {}):\n", run.run))?;
    let approved = approve(&scene.stack.context, &run.run).await?;
    teller.run(&approved)?;
    teller.claim(equals_the_org(scene).await?, "Carried out: the directory is what the org makes it.")
}

pub(super) async fn the_view_is_lost(teller: &mut Teller<'_>, scene: &Scene) -> Result<(), Failure> {
    teller.chapter("The view is lost")?;
    teller.say("Somebody takes the token's admin role away. Okta then answers as if nobody were there:\n")?;
    let before = held(scene).await?;
    scene.sim.set_role(Role::None);
    let run = teller.full_import(scene).await?;
    teller.claim(
        run.state == RunState::Blind && before == held(scene).await?,
        "The run is blind, and nobody was deactivated.",
    )?;
    teller.say("\nThe role is given back:\n")?;
    scene.sim.set_role(Role::ReadOnlyAdmin);
    let run = teller.full_import(scene).await?;
    teller.claim(run.state == RunState::Succeeded, "The run succeeded.")?;
    teller.claim(equals_the_org(scene).await?, "The directory is what the org makes it.")
}

fn counts(run: &RunReport, mapping: &str) -> Counts {
    run.mappings.get(mapping).copied().unwrap_or_default()
}

/// The ids whose record was active before and is not now.
fn newly_inactive(before: &Snapshot, after: &Snapshot, mapping: &str) -> Vec<String> {
    let was_active = |key: &(String, String)| before.get(key).is_some_and(|(standing, _)| standing.is_none());
    let inactive =
        after.iter().filter(|(key, (standing, _))| key.0 == mapping && standing.is_some() && was_active(key));
    inactive.map(|(key, _)| key.1.clone()).collect()
}

/// How fast it was, in people and calls.
fn rate(run: &RunReport) -> String {
    let took = run.ended.map_or(Duration::ZERO, |ended| ended.since(run.started)).as_secs_f64().max(0.001);
    let people = run.mappings.values().map(|counts| counts.read).max().unwrap_or_default();
    format!("That is {} people a second, {} calls in all.", units(people as f64 / took), grouped(run.okta.calls))
}
