//! The system log: polling never ends, bounded requests do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::client::{Reply, encoded, get, sim};
use crate::{NewUser, Options};

fn types(reply: &Reply) -> Vec<String> {
    let items = reply.json();
    let types = items.as_array().unwrap().iter().map(|event| event["eventType"].as_str().unwrap().to_owned());
    types.collect()
}

#[tokio::test]
async fn polling_always_has_a_next_link_and_sees_every_event_once() {
    let sim = sim(5, Options::default()).await;
    let since = encoded(&(Timestamp::now() - SignedDuration::from_secs(60)).to_string());
    let head = get(&sim, &format!("/api/v1/logs?since={since}&limit=2")).await;
    assert!(head.ids_or_empty());
    let link = head.link("next").unwrap();
    assert_eq!(get(&sim, &link).await.link("next").unwrap(), link, "the head stays where it is");
    let ada = sim.with(|org| org.create(NewUser::new("Ada", "Byron", "ada@acme.example")));
    sim.with(|org| org.delete(&ada));
    let (mut seen, mut next) = (Vec::new(), link);
    loop {
        let reply = get(&sim, &next).await;
        let page = types(&reply);
        next = reply.link("next").unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(
        seen,
        [
            "user.lifecycle.create",
            "user.lifecycle.activate",
            "user.lifecycle.deactivate",
            "user.lifecycle.delete.initiated",
            "user.lifecycle.delete.completed",
        ]
    );
}

impl Reply {
    fn ids_or_empty(&self) -> bool {
        self.body == b"[]"
    }
}

#[tokio::test]
async fn filters_pick_events_by_type_and_target() {
    let sim = sim(30, Options::default()).await;
    let ids: Vec<String> = sim.with(|org| org.users().map(|user| user.id.clone()).collect());
    let group = sim.with(|org| org.create_group("New group"));
    for id in &ids[16..22] {
        sim.with(|org| org.add_to_group(id, &group));
        sim.with(|org| org.delete(id));
    }
    let about = encoded(&format!(
        "target.id eq \"{}\" and (eventType sw \"user.lifecycle.delete\" or eventType eq \"group.user_membership.add\")",
        ids[17]
    ));
    let reply = get(&sim, &format!("/api/v1/logs?filter={about}")).await;
    assert_eq!(
        types(&reply),
        ["group.user_membership.add", "user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"]
    );
    assert_eq!(reply.json()[0]["target"][1]["id"], group.as_str());
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (since, until) = (Timestamp::now() - SignedDuration::from_secs(60), Timestamp::now());
    for order in ["ASCENDING", "DESCENDING"] {
        let path = format!(
            "/api/v1/logs?since={since}&until={until}&limit=3&sortOrder={order}&filter=eventType+sw+%22user.lifecycle.delete%22"
        );
        let (mut count, mut next) = (0, Some(path));
        while let Some(path) = next {
            let reply = get(&sim, &path).await;
            count += types(&reply).len();
            next = reply.link("next");
        }
        assert_eq!(count, 12, "{order}");
    }
}

#[tokio::test]
async fn events_show_after_the_delay_and_vanish_after_retention() {
    let delay = Duration::from_millis(250);
    let sim = sim(5, Options { log_delay: delay, ..Options::default() }).await;
    sim.with(|org| org.create_group("Late"));
    assert!(get(&sim, "/api/v1/logs").await.ids_or_empty());
    tokio::time::sleep(delay).await;
    assert_eq!(types(&get(&sim, "/api/v1/logs").await), ["group.lifecycle.create"]);
    sim.with(|org| org.set_now(org.now() + SignedDuration::from_hours(91 * 24)));
    let since = sim.with(|org| org.now()) - SignedDuration::from_hours(100 * 24);
    assert!(get(&sim, &format!("/api/v1/logs?since={since}")).await.ids_or_empty());
    let since = since - SignedDuration::from_hours(100 * 24);
    assert_eq!(get(&sim, &format!("/api/v1/logs?since={since}")).await.error_code(), "E0000053");
}
