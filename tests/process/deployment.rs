//! The function, deployed for a world.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::lambda::{Function, FunctionError, environment};
use test_support::world::World;

/// An invocation's time limit where no test is about it.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// The binary under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_full-import"))
}

/// Deploys the function on a world's stack.
pub(crate) async fn deploy(world: &World, time_limit: Duration) -> Function {
    Function::deploy(binary(), environment(&world.stack), time_limit).await.unwrap()
}

/// The same with a schedule for connections that say nothing of it.
pub(crate) async fn deploy_scheduled(world: &World, schedule: &str) -> Function {
    let mut environment = environment(&world.stack);
    environment.insert("ROLLCALL_SCHEDULE".to_owned(), schedule.to_owned());
    Function::deploy(binary(), environment, LONG).await.unwrap()
}

/// The event for a world's connection.
pub(crate) fn event(world: &World) -> Value {
    json!({ "connection": world.connection.name })
}

/// Waits until something is so, and panics where it is not within a minute.
pub(crate) async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap_or_else(|_| panic!("not within a minute: {what}"));
}

/// Waits until every invocation has ended, those that others started included; panics where they go on for too long.
pub(crate) async fn settled(function: &Function) {
    tokio::time::timeout(2 * LONG, function.settle()).await.unwrap();
}

/// The run report in an invocation's answer.
pub(crate) fn run(answer: Result<Value, FunctionError>) -> Value {
    answer.unwrap()["run"].take()
}
