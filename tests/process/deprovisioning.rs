//! The real `deprovisioning` binary, end to end: under an emulated Lambda, against a simulated Okta and an embedded DynamoDB.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod follower;

const BINARY: &str = env!("CARGO_BIN_EXE_deprovisioning");
/// So many reads by id, eight at a time, are too many for one invocation.
const LEAVERS: usize = 60;
