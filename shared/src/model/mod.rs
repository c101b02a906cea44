//! The objects of Okta and of the directory, and the rules of mappings. Pure: no `async`, clock, environment or randomness.

mod connection_stub;
mod record;
mod time;

pub use connection_stub::{ConfigFault, Connection};
pub use record::*;
pub use time::Time;
