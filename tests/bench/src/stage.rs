//! Where a benchmark takes place: an org, a directory, and the function between them.

use std::path::Path;
use std::time::{Duration, Instant};

use okta_sim::Options;
use serde_json::{Value, json};
use test_support::lambda::{Function, environment};
use test_support::truth;
use test_support::world::{Job, Setup, World};
use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::figures::Figures;

/// The longest that Lambda lets an invocation take.
pub(crate) const FIFTEEN_MINUTES: Duration = Duration::from_secs(900);
/// A rate limit that is not in the way.
pub(crate) const UNLIMITED: u32 = 6_000_000;
/// After so many kills a benchmark gives up.
const MOST_KILLS: u64 = 100;

/// A world whose org is served by a thread of its own.
pub(crate) struct Stage {
    pub(crate) world: World,
    okta: Option<Runtime>,
}

impl Stage {
    /// Generates an org of this size, and connects it, with the one mapping that admits everyone, by their Okta ids: a
    /// claim makes of each creation a transaction, for which the embedded DynamoDB takes ever longer the more it had.
    pub(crate) async fn set(users: usize, okta: Options) -> Result<Stage, Failure> {
        eprintln!("generating an org of {users} people …");
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("okta-sim").enable_all().build()?;
        let mut world = runtime.spawn(World::new(Setup { people: users, okta, ..Setup::default() })).await?;
        world
            .reconnect(|document| {
                document["mappings"].as_array_mut().into_iter().for_each(|all| all.truncate(1));
                document["mappings"][0]["identifier"] = "id".into();
            })
            .await;
        Ok(Stage { world, okta: Some(runtime) })
    }

    /// Imports the org to the end, by a function with this time limit, and measures.
    pub(crate) async fn import(&self, binary: &Path, time_limit: Duration) -> Result<Figures, Failure> {
        self.world.sim.clear_calls();
        let function = Function::deploy(binary, environment(&self.world.stack), time_limit).await?;
        let began = Instant::now();
        let mut killed = 0;
        let run = loop {
            // A failure shows among those that ended.
            let _ = function.invoke(json!({ "connection": self.world.connection.name })).await;
            function.settle().await;
            match function.ended().pop().map(|invocation| invocation.answer) {
                Some(Ok(mut answer)) if answer["run"]["state"] == "succeeded" => break answer["run"].take(),
                Some(Err(error)) if error.is_timeout() && killed < MOST_KILLS => killed += 1,
                other => return Err(format!("the import did not succeed: {other:?}\n{}", function.logs()).into()),
            }
            // What a schedule would find when it comes by again.
            self.world.let_the_lease_lapse(Job::FullImport).await;
        };
        Ok(Figures::new(&run, (began.elapsed(), killed), function.usage()))
    }

    /// How the directory differs from the org; nothing when it is right.
    pub(crate) async fn differences(&self) -> Vec<String> {
        eprintln!("comparing the directory with the org …");
        truth::compare(&self.world.stack.context, &self.world.connection, &self.world.sim).await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(okta) = self.okta.take() {
            // Waiting for it is not allowed where other tasks run.
            okta.shutdown_background();
        }
    }
}

/// Whether a run wrote no record.
pub(crate) fn wrote_nothing(run: &Value) -> bool {
    let wrote =
        |counts: &Value| ["created", "updated", "deactivated", "reactivated"].iter().any(|bucket| counts[bucket] != 0);
    run["mappings"].as_object().is_some_and(|mappings| !mappings.values().any(wrote))
}
