//! The same handlers on one machine: what stands in for AWS around `rollcall-shared`.
//!
//! [`embedded`] is the DynamoDB, [`secrets_endpoint`] the Secrets Manager, and [`stack`] both of them with
//! the context that the handlers get. The command and the tests stand on the same three.

pub mod embedded;
pub mod secrets_endpoint;
pub mod stack;

#[cfg(test)]
mod raw_http;
