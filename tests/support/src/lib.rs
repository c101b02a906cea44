//! The world that tests and benchmarks run in: an embedded DynamoDB, secrets, a simulated Okta, a wire that fails.
//!
//! [`world`] puts the pieces together around the production handlers, [`truth`] says what the directory should hold
//! without any of the product's own mapping, and [`wire`] stands between the product and what it calls. [`lambda`] runs
//! a function's real binary, [`invocations`] only writes down who would have to run, and [`calls`] what functions ask of AWS.
#![expect(clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

pub mod calls;
mod departments;
pub mod devices;
pub mod invocations;
pub mod lambda;
mod presets;
pub mod service_app;
pub mod services;
pub mod truth;
pub mod wire;
pub mod world;
