//! The objects of Okta and of the directory, and the rules of mappings. Pure: no `async`, clock, environment or randomness.

mod record;
mod time;

pub use record::*;
pub use time::Time;
