//! What Lambda hears of an import that did not go well.

use okta_sim::{Options, Role};
use serde_json::json;
use test_support::lambda::{Function, environment};
use test_support::world::{Setup, World};

use crate::deployment::{LONG, binary, deploy, deploy_scheduled, event, eventually, run};

async fn world() -> World {
    let okta = Options { limit_per_minute: 60_000, ..Options::default() };
    World::new(Setup { people: 300, okta, ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_is_an_error_of_the_function_of_our_kind() {
    let world = world().await;
    world.sim.revoke_token();
    let function = deploy(&world, LONG).await;
    let error = function.invoke(event(&world)).await.unwrap_err();
    assert_eq!(error.kind, "urn:rollcall:problem:okta-invalid-token");
    assert!(error.message.contains("E0000011"), "{error}");
    assert!(!error.message.contains(&world.sim.token()) && !function.logs().contains(&world.sim.token()));
    let runs = world.context.directory.runs(&world.connection.name).await.unwrap();
    let problem = runs[0].problem.as_ref().unwrap();
    assert_eq!((problem.kind.as_str(), problem.detail.as_str()), (error.kind.as_str(), error.message.as_str()));

    // The process lives on, and the next trigger succeeds.
    world.sim.set_token("sim-token");
    assert_eq!(run(function.invoke(event(&world)).await)["state"], "succeeded");
    assert_eq!(function.usage().processes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_connection_is_an_error_that_names_it() {
    let world = world().await;
    let function = deploy(&world, LONG).await;
    let error = function.invoke(json!({ "connection": "nobody" })).await.unwrap_err();
    assert_eq!(error.kind, "urn:rollcall:problem:unknown-connection");
    assert!(error.message.contains("nobody"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_none_is_an_error_and_starts_nothing() {
    let world = world().await;
    let function = deploy(&world, LONG).await;
    let error = function.invoke(json!({ "conection": "acme" })).await.unwrap_err();
    assert!(error.message.contains("conection"), "{error}");
    assert!(world.sim.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_and_blind_runs_are_answers_like_any_other() {
    let world = world().await;
    let function = deploy(&world, LONG).await;
    assert_eq!(run(function.invoke(event(&world)).await)["state"], "succeeded");
    for id in world.active().iter().take(60) {
        assert!(world.sim.with(|org| org.deactivate(id)));
    }
    let held = run(function.invoke(event(&world)).await);
    assert_eq!(held["state"], "held", "{held}");
    assert_eq!(held["problem"]["type"], "urn:rollcall:problem:held");

    world.sim.set_role(Role::None);
    let blind = run(function.invoke(event(&world)).await);
    assert_eq!(blind["state"], "blind", "{blind}");
    assert_eq!(blind["problem"]["type"], "urn:rollcall:problem:blind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_environment_variable_keeps_the_process_from_starting_and_is_named() {
    let world = world().await;
    for variable in ["ROLLCALL_DIRECTORY_TABLE", "ROLLCALL_STATE_TABLE"] {
        let mut environment = environment(&world.stack);
        environment.remove(variable);
        let function = Function::deploy(binary(), environment, LONG).await.unwrap();
        let error = function.invoke(event(&world)).await.unwrap_err();
        assert!(error.is_exit(), "{error}");
        // What the process printed comes through a pipe, a moment later perhaps.
        eventually("the log names the variable", || function.logs().contains(variable)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_none_keeps_the_process_from_starting_and_is_named() {
    let world = world().await;
    let function = deploy_scheduled(&world, "every now and then").await;
    let error = function.invoke(json!({})).await.unwrap_err();
    assert!(error.is_exit(), "{error}");
    eventually("the log names the variable", || function.logs().contains("ROLLCALL_SCHEDULE")).await;
}
