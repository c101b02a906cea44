//! Two events at once.

use std::time::Duration;

use okta_sim::Options;
use test_support::world::{PEOPLE, Setup, World};

use crate::deployment::{LONG, deploy, event, run, settled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_imports_started_at_once_one_runs_and_the_other_tells_of_it() {
    let latency = Duration::from_millis(300);
    let okta = Options { page_size_cap: 50, limit_per_minute: 60_000, latency, ..Options::default() };
    let world = World::new(Setup { people: 300, okta, ..Setup::default() }).await;
    let function = deploy(&world, LONG).await;

    let (one, other) = futures::join!(function.invoke(event(&world)), function.invoke(event(&world)));
    let (one, other) = (run(one), run(other));
    settled(&function).await;

    assert_eq!(one["run"], other["run"]);
    let mut states = [one["state"].as_str().unwrap(), other["state"].as_str().unwrap()];
    states.sort_unstable();
    assert_eq!(states, ["running", "succeeded"]);
    assert_eq!(function.usage().invocations, 2, "whoever only looked on started further invocations");
    let runs = world.context.directory.runs(&world.connection.name).await.unwrap();
    assert_eq!(runs.len(), 1, "{runs:#?}");
    assert_eq!(runs[0].invocations, 1);
    assert_eq!(runs[0].mappings[PEOPLE].read, world.headcount());
    world.assert_true().await;
}
