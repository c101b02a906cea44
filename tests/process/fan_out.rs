//! A trigger for all connections: no connection waits for another.

use std::sync::Arc;
use std::time::Duration;

use okta_sim::Options;
use rollcall::stack::Stack;
use serde_json::json;
use test_support::lambda::Function;
use test_support::world::{Setup, World};

use crate::deployment::{deploy_scheduled, eventually, settled};

/// The org that takes this long for every answer.
const SLOW: &str = "org-0";
const VERY_LONG: Duration = Duration::from_secs(60);

async fn org(stack: &Arc<Stack>, number: u64) -> World {
    let connection = format!("org-{number}");
    let latency = if connection == SLOW { VERY_LONG } else { Duration::ZERO };
    let okta = Options { page_size_cap: 50, limit_per_minute: 60_000, latency, ..Options::default() };
    let stack = Some(Arc::clone(stack));
    World::new(Setup { seed: number, people: 100, okta, connection, stack, ..Setup::default() }).await
}

/// The connections whose imports succeeded.
fn succeeded(function: &Function) -> Vec<String> {
    let ended = function.ended().into_iter();
    let runs = ended.filter_map(|invocation| invocation.answer.ok()).map(|mut answer| answer["run"].take());
    let succeeded = runs.filter(|run| run["state"] == "succeeded");
    succeeded.filter_map(|run| run["connection"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_that_takes_a_minute_to_answer_delays_no_other() {
    let stack = Arc::new(Stack::in_memory().await.unwrap());
    let mut orgs = Vec::new();
    for number in 0..10 {
        orgs.push(org(&stack, number).await);
    }
    let function = deploy_scheduled(&orgs[0], "rate(1 hour)").await;

    let answer = function.invoke(json!({})).await.unwrap();
    let names: Vec<String> = orgs.iter().map(|org| org.connection.name.clone()).collect();
    assert_eq!(answer["started"], json!(names), "{}", function.logs());
    let nine_have_ended = || {
        assert!(function.ended().iter().all(|invocation| invocation.answer.is_ok()), "{:#?}", function.ended());
        succeeded(&function).len() >= 9
    };
    eventually("nine imports succeed", nine_have_ended).await;

    // The slow one has not heard a word yet: whatever the others did, they did not wait for it.
    assert!(orgs[0].sim.calls().iter().all(|call| call.status == 0), "{:?}", orgs[0].sim.calls());
    for org in &orgs[1..] {
        org.assert_true().await;
    }
    let runs = stack.context.directory.runs(SLOW).await.unwrap();
    assert!(runs.iter().all(|run| run.ended.is_none()), "{runs:#?}");
    assert!(!succeeded(&function).contains(&SLOW.to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_fails_alone_and_a_disabled_one_is_left_out() {
    let stack = Arc::new(Stack::in_memory().await.unwrap());
    let mut orgs = Vec::new();
    for number in 1..4 {
        orgs.push(org(&stack, number).await);
    }
    orgs[0].sim.revoke_token();
    orgs[1].reconnect(|document| document["enabled"] = json!(false)).await;
    let function = deploy_scheduled(&orgs[0], "rate(1 hour)").await;

    let answer = function.invoke(json!({})).await.unwrap();
    settled(&function).await;

    assert_eq!(answer["started"], json!(["org-1", "org-3"]));
    assert_eq!(succeeded(&function), ["org-3"]);
    let failed: Vec<_> = function.ended().into_iter().filter_map(|invocation| invocation.answer.err()).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].kind, "urn:rollcall:problem:okta-invalid-token");
}
