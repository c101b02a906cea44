//! Types of user and their schemas.

use std::collections::BTreeSet;

use super::client::{get, sim};
use crate::Options;

#[tokio::test]
async fn every_type_of_user_leads_to_its_schema() {
    let sim = sim(40, Options::default()).await;
    sim.with(|org| org.add_user_type("contractor", &["agency"]));
    let types = get(&sim, "/api/v1/meta/types/user").await.json();
    let schemas: Vec<String> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|user_type| user_type["_links"]["schema"]["href"].as_str().unwrap().replace(&sim.url(), ""))
        .collect();
    let mut custom = Vec::new();
    for path in schemas {
        let schema = get(&sim, &path).await.json();
        assert_eq!(schema["definitions"]["base"]["properties"].as_object().unwrap().len(), 31, "{path}");
        custom.push(schema["definitions"]["custom"]["properties"].clone());
    }
    assert_eq!(custom[0]["skills"]["items"]["type"], "string");
    assert!(custom[1]["agency"].is_object() && custom[1]["skills"].is_null());
    assert_eq!(get(&sim, "/api/v1/meta/schemas/user/osc0").await.status, 404);
}

/// Whatever a generated profile has, the schema knows.
#[tokio::test]
async fn the_schema_has_what_profiles_have() {
    let sim = sim(400, Options::default()).await;
    let schema = get(&sim, "/api/v1/meta/schemas/user/default").await.json();
    let known =
        |name: &str| ["base", "custom"].iter().any(|part| schema["definitions"][part]["properties"][name].is_object());
    let page = get(&sim, "/api/v1/users?search=status+pr&limit=200").await.json();
    let used: BTreeSet<String> =
        page.as_array().unwrap().iter().flat_map(|user| user["profile"].as_object().unwrap().keys().cloned()).collect();
    assert!(used.contains("badgeNumber"));
    assert_eq!(used.iter().filter(|name| !known(name)).collect::<Vec<_>>(), Vec::<&String>::new());
}
