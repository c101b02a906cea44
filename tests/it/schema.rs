//! Attributes that mappings read and the org does not have are told, and stand in nobody's way.

use std::time::Duration;

use okta_sim::Role;
use rollcall_shared::handlers::schema::attribute_checks;
use rollcall_shared::handlers::verify::{ApiCheck, verify};
use serde_json::json;
use test_support::world::World;

const API: &str = "/api/v1/meta/schemas/user";

/// A world whose one mapping has this one field.
async fn world(expression: &str) -> World {
    let mut world = World::of(20).await;
    world
        .reconnect(|document| {
            let mut mapping = document["mappings"][0].clone();
            (mapping["fields"], mapping["required"]) = (json!({ "extra": expression }), json!([]));
            document["mappings"] = json!([mapping]);
        })
        .await;
    world
}

async fn lines(world: &World) -> Vec<ApiCheck> {
    let checks = verify(&world.context, &world.connection.name).await.expect("verify answers");
    checks.into_iter().filter(|check| check.api == API).collect()
}

#[tokio::test]
async fn a_name_that_the_schema_lacks_is_a_line_of_its_own() {
    let world = world("upper(profile.bagdeNumber)").await;
    let lines = lines(&world).await;
    assert_eq!(lines.iter().map(|line| line.ok).collect::<Vec<_>>(), [true, false]);
    let problem = lines[1].problem.as_ref().expect("a problem");
    assert!(problem.title.contains("profile.bagdeNumber"), "{problem:?}");
    assert!(problem.detail.contains("fields.extra"), "{problem:?}");
    assert!(problem.detail.ends_with("did you mean `badgeNumber`?"), "{problem:?}");
    let told = attribute_checks(&world.context, &world.connection, Duration::from_secs(5)).await;
    assert_eq!(told, lines);
}

#[tokio::test]
async fn what_every_org_has_is_not_asked_about() {
    let world = world("profile.costCenter").await;
    assert_eq!(lines(&world).await, []);
    assert!(world.sim.calls().iter().all(|call| !call.path().contains("/meta/")));
}

#[tokio::test]
async fn the_schemas_of_all_types_of_user_count() {
    let world = world("profile.badgeNumber || profile.agency").await;
    world.sim.with(|org| org.add_user_type("contractor", &["agency"]));
    let lines = lines(&world).await;
    assert!(lines.iter().all(|line| line.ok) && lines.len() == 3, "{lines:?}");
    let told: Vec<&str> =
        lines.iter().filter_map(|line| line.problem.as_ref()).map(|problem| problem.detail.as_str()).collect();
    assert!(told[0].contains("profile.agency") && told[0].ends_with("user."), "{told:?}");
    assert!(told[1].contains("profile.badgeNumber") && told[1].ends_with("contractor."), "{told:?}");
}

#[tokio::test]
async fn schemas_that_may_not_be_read_are_said_and_no_failure() {
    let world = world("profile.badgeNumber").await;
    world.sim.set_role(Role::NoSchemas);
    let lines = lines(&world).await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].ok && lines[0].problem.as_ref().is_some_and(|problem| problem.title.contains("could not")));
}

#[tokio::test]
async fn an_org_out_of_reach_does_not_keep_a_connection_from_being_stored() {
    let mut world = world("profile.badgeNumber").await;
    world.reconnect(|document| document["okta"]["url"] = json!("http://127.0.0.1:1")).await;
    let told = attribute_checks(&world.context, &world.connection, Duration::from_millis(500)).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].ok && told[0].problem.is_some(), "{told:?}");
}
