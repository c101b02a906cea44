//! A generated history of sign-ons in the log.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::client::{encoded, get, sim};
use crate::{NewUser, Options, Sim};

/// A log of this many generated sign-ons and the events of one life, read from 90 days ago.
async fn busy(count: usize) -> (Sim, String) {
    let sim = sim(200, Options { page_size_cap: 1000, ..Options::default() }).await;
    let since = sim.with(|org| {
        org.generate_apps(20);
        org.generate_sign_ons(count);
        let ada = org.create(NewUser::new("Ada", "Byron", "ada@acme.example"));
        org.delete(&ada);
        (org.now() - jiff::SignedDuration::from_hours(90 * 24 - 1)).to_string()
    });
    (sim, since)
}

/// Every event that the links lead to.
async fn read(sim: &Sim, path: String) -> Vec<Value> {
    let (mut events, mut next) = (Vec::new(), Some(path));
    while let Some(path) = next {
        let reply = get(sim, &path).await;
        let page = reply.json().as_array().unwrap().clone();
        next = reply.link("next").filter(|_| !page.is_empty());
        events.extend(page);
    }
    events
}

#[tokio::test]
async fn the_log_has_generated_and_played_events_in_one_order() {
    let (sim, since) = busy(2_000).await;
    let polled = read(&sim, format!("/api/v1/logs?since={since}&limit=300")).await;
    assert_eq!(polled.len(), 2_005);
    let uuids: BTreeSet<_> = polled.iter().map(|event| event["uuid"].as_str().unwrap()).collect();
    assert_eq!(uuids.len(), 2_005);
    let times: Vec<_> = polled.iter().map(|event| event["published"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(polled[2_004]["eventType"], "user.lifecycle.delete.completed");
    let until = sim.with(|org| org.now() + jiff::SignedDuration::from_secs(1));
    for order in ["ASCENDING", "DESCENDING"] {
        let path = format!("/api/v1/logs?since={since}&until={until}&limit=300&sortOrder={order}");
        let mut bounded = read(&sim, path).await;
        if order == "DESCENDING" {
            bounded.reverse();
        }
        assert_eq!(bounded, polled, "{order}");
    }
}

#[tokio::test]
async fn the_history_says_who_used_what() {
    let (sim, since) = busy(2_000).await;
    let mut uses: BTreeMap<(String, String), usize> = BTreeMap::new();
    sim.with(|org| org.sign_ons().for_each(|it| *uses.entry((it.app, it.user)).or_default() += 1));
    assert_eq!(uses.values().sum::<usize>(), 2_000);
    sim.with(|org| assert!(uses.keys().all(|(app, user)| org.assignment(user, app).is_some())));
    let ((app, user), count) = uses.iter().max_by_key(|(_, count)| **count).unwrap();
    let filter = encoded(&format!(
        "eventType eq \"user.authentication.sso\" and target.id eq \"{app}\" and actor.id eq \"{user}\" and outcome.result eq \"SUCCESS\""
    ));
    let found = read(&sim, format!("/api/v1/logs?since={since}&limit=1000&filter={filter}")).await;
    assert_eq!(found.len(), *count);
    assert!(found.iter().all(|event| event["actor"]["id"] == user.as_str()));
    let names = found[0]["target"].as_array().unwrap().iter().find(|target| target["type"] == "AppInstance").unwrap();
    assert_eq!(names["displayName"], sim.with(|org| org.app(app).unwrap().label.clone()));
}

/// A million sign-ons take some 30 MB, and a search for something else does not write them out.
#[tokio::test]
async fn a_large_history_is_cheap() {
    let (sim, since) = busy(300_000).await;
    let start = std::time::Instant::now();
    let other =
        read(&sim, format!("/api/v1/logs?since={since}&filter={}", encoded("eventType sw \"user.lifecycle\""))).await;
    assert_eq!(other.len(), 5);
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}
