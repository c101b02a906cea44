//! The objects of Okta and of the directory, and the rules of mappings. Pure: no `async`, clock, environment or randomness.

mod placeholders;
mod raw;
mod record;
mod time;

pub use placeholders::{Attributes, OrgUrl};
pub use raw::RawObject;
pub use record::*;
pub use time::Time;
