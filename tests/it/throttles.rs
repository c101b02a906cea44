//! A DynamoDB that throttles, fails and drops connections at random, before a write or after it: the directory still
//! ends in the truth.

use okta_sim::NewUser;
use rollcall_shared::report::RunState;
use test_support::wire::{Noise, Wire};
use test_support::world::{Setup, World, assert_adds_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_converges_through_a_bad_line() {
    for seed in 0..2 {
        let wire = Wire::default();
        let world = World::new(Setup { people: 25, wire: Some(wire.clone()), ..Setup::default() }).await;
        wire.trouble(Noise::new(seed, 4));
        let report = world.import_to_the_end().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
        assert_adds_up(&report, 25);
        world.assert_true().await;
        let active = world.active();
        world.sim.with(|org| {
            assert!(org.delete(&active[0]) && org.suspend(&active[1]) && org.rename(&active[2], "Grace", "Hopper"));
            org.create(NewUser::new("Mary", "Somerville", "mary@acme.example"));
        });
        let report = world.import_to_the_end().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
        assert!(report.mappings.values().all(rollcall_shared::report::Counts::add_up));
        wire.mend();
        world.assert_true().await;
        assert_eq!(world.unsynced().await, []);
    }
}
