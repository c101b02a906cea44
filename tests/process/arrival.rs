//! An org arrives.

use okta_sim::Options;
use serde_json::Value;
use test_support::world::{CUSTODIANS, PEOPLE, Setup, World};

use crate::deployment::{LONG, deploy, event, run};

const BUCKETS: [&str; 9] =
    ["created", "updated", "deactivated", "reactivated", "unchanged", "excluded", "stale", "held", "unsynced"];

fn sum_of_buckets(counts: &Value) -> u64 {
    BUCKETS.iter().map(|bucket| counts[bucket].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_arrives_and_a_second_import_writes_no_record() {
    let okta = Options { limit_per_minute: 60_000, ..Options::default() };
    let world = World::new(Setup { people: 1_500, okta, ..Setup::default() }).await;
    let function = deploy(&world, LONG).await;

    let first = run(function.invoke(event(&world)).await);
    assert_eq!(first["state"], "succeeded", "{first}\n{}", function.logs());
    world.assert_true().await;
    for mapping in [PEOPLE, CUSTODIANS] {
        let counts = &first["mappings"][mapping];
        assert_eq!(counts["read"], world.headcount(), "{counts}");
        assert_eq!(sum_of_buckets(counts), world.headcount(), "{counts}");
    }
    assert_eq!(first["mappings"][PEOPLE]["created"], world.headcount());
    assert_eq!(first["invocations"], 1);
    assert_eq!(first["okta"]["throttled"], 0);

    let before = world.directory().await;
    let second = run(function.invoke(event(&world)).await);
    assert_eq!(second["state"], "succeeded", "{second}");
    assert_ne!(second["run"], first["run"]);
    assert_eq!(second["mappings"][PEOPLE]["unchanged"], world.headcount());
    for mapping in [PEOPLE, CUSTODIANS] {
        let counts = &second["mappings"][mapping];
        assert_eq!(counts["unchanged"].as_u64().unwrap() + counts["excluded"].as_u64().unwrap(), world.headcount());
    }
    assert!(before == world.directory().await, "the second import wrote a record");

    let usage = function.usage();
    assert_eq!((usage.invocations, usage.processes), (2, 1));
    assert!(usage.peak_rss_kib > 0 && !usage.cpu.is_zero(), "{usage:?}");
}
