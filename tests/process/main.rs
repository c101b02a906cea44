//! The real `full-import` binary, end to end: under an emulated Lambda, against a simulated Okta and an embedded DynamoDB.

mod arrival;
mod concurrency;
mod deadline;
mod deployment;
mod failure;
mod fan_out;
mod kill;
