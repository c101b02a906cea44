//! Fields arrive as they are mapped: transformed, nested; and what cannot be transformed is unsynced.

use okta_sim::NewUser;
use rollcall_shared::model::RejectionReason;
use rollcall_shared::report::RunState;
use serde_json::{Value, json};
use test_support::world::{PEOPLE, World, counts};

/// A world with one person more, whose record has these fields.
async fn world(fields: Value) -> (World, String) {
    let mut world = World::of(10).await;
    world
        .reconnect(|document| {
            document["mappings"][0]["fields"] = fields;
            document["mappings"][0]["required"] = json!([]);
        })
        .await;
    let id = world.sim.with(|org| {
        let id = org.create(NewUser::new("ada", "O'BRIEN", "ada@acme.example").department("  sales   EMEA "));
        assert!(org.set_profile(&id, "skills", json!(["rust", "first aid"])));
        assert!(org.set_profile(&id, "places", json!([{ "site": "HQ", "floors": [1, 2] }, { "site": null }])));
        assert!(org.set_profile(&id, "region", "emea"));
        assert!(org.set_profile(&id, "hired", "2026-05-09"));
        assert!(org.set_profile(&id, "deskNumber", 41));
        id
    });
    (world, id)
}

#[tokio::test]
async fn fields_are_transformed_and_nested_values_stay_nested() {
    let (world, id) = world(json!({
        "name": "title(join(' ', [profile.firstName, profile.lastName][?@]))",
        "department": "title(collapse(profile.department))",
        "region": "lookup(profile.region, `{\"EMEA\": \"Europe\"}`, 'Other')",
        "hired": "date(profile.hired, '%d/%m/%Y')",
        "mailbox": "split(profile.email, '@')[0]",
        "manager": "default(profile.manager, 'nobody')",
        "nothing": "upper(profile.nickName)",
        "skills": "profile.skills",
        "first_skill": "upper(profile.skills[0])",
        "places": "profile.places",
        "both": "{desk: profile.deskNumber, skills: profile.skills[*].upper(@)}",
    }))
    .await;
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    let record = world.record(PEOPLE, &id).await.expect("the person has a record");
    assert_eq!(
        serde_json::to_value(&record).unwrap()["fields"],
        json!({
            "name": "Ada O'Brien", "department": "Sales Emea", "region": "Europe", "hired": "09/05/2026",
            "mailbox": "ada", "manager": "nobody", "nothing": null, "skills": ["rust", "first aid"],
            "first_skill": "RUST", "places": [{ "site": "HQ", "floors": [1, 2] }, { "site": null }],
            "both": { "desk": 41, "skills": ["RUST", "FIRST AID"] },
        })
    );
    let again = world.import().await;
    assert_eq!(counts(&again, PEOPLE).unchanged, 11, "what a transform gives is the same again");
}

#[tokio::test]
async fn what_cannot_be_transformed_is_unsynced_and_names_its_field() {
    let (world, id) =
        world(json!({ "desk": "upper(profile.deskNumber)", "hired": "date(profile.region, '%Y')" })).await;
    world.import().await;
    let rows = world.unsynced().await;
    let row = rows.iter().find(|row| row.id == id && row.mapping == PEOPLE).expect("the person is unsynced");
    assert_eq!(row.reason, RejectionReason::ExpressionFailed);
    assert_eq!(row.message, "fields.desk: upper(): argument 1 should be string, but is number");
    assert!(!row.message.contains("41"));
}
