//! The simulation: storms by seed over the production handlers, and what must hold in and after each.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

mod change;
mod clocks;
mod coverage;
mod deployment;
mod gate;
mod invocation;
mod label;
mod lease;
mod observer;
mod quiet;
mod run_ids;
mod schedule;
mod seeds;
mod storm;
mod weather;
