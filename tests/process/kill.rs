//! A process that is killed wherever it is: the run is taken up, and the directory ends the same.

use fastrand::Rng;
use okta_sim::Options;
use test_support::world::{Job, PEOPLE, Setup, World};

use crate::deployment::{LONG, deploy, event, eventually, run};

/// How often the process is killed before it is left alone.
const KILLS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_process_is_killed_is_taken_up_after_its_lease() {
    let mut rng = Rng::with_seed(7);
    let okta = Options { page_size_cap: 20, limit_per_minute: 60_000, ..Options::default() };
    let world = World::new(Setup { people: 600, okta, ..Setup::default() }).await;
    let function = deploy(&world, LONG).await;

    let mut killed = 0;
    let mut last = None;
    while last.is_none() {
        let calls = world.sim.calls().len() + rng.usize(3..9);
        let kill = async {
            while killed < KILLS && world.sim.calls().len() < calls {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            if killed == KILLS {
                std::future::pending::<()>().await;
            }
            function.kill();
            // The invocation's failure ends the other branch.
            std::future::pending::<()>().await;
        };
        let answer = tokio::select! {
            answer = function.invoke(event(&world)) => answer,
            () = kill => unreachable!(),
        };
        match answer {
            Err(error) if error.is_exit() => killed += 1,
            answer => last = Some(run(answer)),
        }
        world.let_the_lease_lapse(Job::FullImport).await;
    }

    let last = last.unwrap();
    assert_eq!(killed, KILLS, "{last}");
    assert_eq!(last["state"], "succeeded", "{last}");
    let runs = world.context.directory.runs(&world.connection.name).await.unwrap();
    let unfinished = runs.iter().filter(|run| run.ended.is_none()).count();
    assert_eq!(unfinished, 0, "{runs:#?}");
    assert_eq!(runs.len(), 1, "{runs:#?}");
    assert_eq!(last["invocations"], KILLS + 1);
    assert_eq!(last["mappings"][PEOPLE]["read"], world.headcount(), "{last}");
    assert_eq!(last["mappings"][PEOPLE]["created"], world.headcount(), "{last}");
    world.assert_true().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_its_lease_has_lapsed_a_killed_run_is_joined_and_not_taken_up() {
    let okta = Options { page_size_cap: 20, limit_per_minute: 60_000, ..Options::default() };
    let world = World::new(Setup { people: 300, okta, ..Setup::default() }).await;
    let function = deploy(&world, LONG).await;
    let kill = async {
        eventually("Okta is asked six times", || world.sim.calls().len() >= 6).await;
        function.kill();
    };
    let (killed, ()) = futures::join!(function.invoke(event(&world)), kill);
    assert!(killed.unwrap_err().is_exit());

    let joined = run(function.invoke(event(&world)).await);
    assert_eq!(joined["state"], "running");
    world.let_the_lease_lapse(Job::FullImport).await;
    let taken_up = run(function.invoke(event(&world)).await);
    assert_eq!(taken_up["run"], joined["run"]);
    assert_eq!(taken_up["state"], "succeeded", "{taken_up}");
    world.assert_true().await;
}
