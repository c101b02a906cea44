//! The real `full-import` binary, end to end: under an emulated Lambda, against a simulated Okta and an embedded DynamoDB.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod arrival;
mod concurrency;
mod deadline;
mod deployment;
mod failure;
mod fan_out;
mod kill;
