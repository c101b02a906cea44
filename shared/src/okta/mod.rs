//! I/O in: Okta's API.
mod error;
pub use error::OktaError;
