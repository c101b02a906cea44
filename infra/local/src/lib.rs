//! The same handlers on one machine: what stands in for AWS around `rollcall-shared`.
//!
//! [`embedded`] is the DynamoDB, [`secrets_endpoint`] the Secrets Manager, [`functions`] Lambda, and [`stack`] what stands
//! on them: the context that the handlers get. [`serving`] keeps all of it running and schedules kept. The command and the
//! tests stand on the same parts. [`deployment`] is the way to a stack that is in AWS.

pub mod deployment;
pub mod embedded;
pub mod functions;
mod http_endpoint;
mod key;
pub mod secrets_endpoint;
pub mod serving;
pub mod stack;

#[cfg(test)]
mod raw_http;
