//! The simulation: storms by seed over the production handlers, and what must hold in and after each.
//!
//! A seed is one [`storm`]. An org changes at random while full imports, deltas and deprovisioning run at once, and every
//! call of theirs stands still at a [`gate`] until the seed says whether it arrives, fails, is late or is lost. Processes
//! die, invocations are lost or doubled, leases lapse under their holders. An [`observer`] looks on: nobody may be inactive
//! for a reason that Okta never gave, and no identifier may stand twice. Then comes the [`quiet`]: one pass of the delta
//! and of the log, a person who approves what is held, and the directory has to say exactly what Okta does.
//!
//! All of a seed lives on one thread, under a clock that stands still while anybody has something to do: so waiting costs
//! nothing, and a seed replays its [`schedule`] call by call.
//!
//! ```sh
//! cargo test --release -p full-import --test simulation -- --nocapture                # as many seeds as in CI
//! ROLLCALL_SIMULATION_SEEDS=1000 cargo test --release -p full-import --test simulation -- --nocapture
//! ROLLCALL_SIMULATION_SEED=17 cargo test --release -p full-import --test simulation -- --nocapture
//! ```
//!
//! `teeth/bite` plants bugs in the product and shows which seed finds each.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

mod change;
mod clocks;
mod coverage;
mod deployment;
mod differences;
mod fate;
mod fleet;
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
mod workers;
