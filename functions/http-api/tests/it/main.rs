//! The router over HTTP, as `rollcall serve` serves it: a world, its endpoint, and somebody who asks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]
#![recursion_limit = "256"]

mod connections;
mod described;
mod hooks;
mod lists;
mod malformed;
mod removal;
mod runs;
mod served;
