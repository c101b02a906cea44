//! The objects of Okta and of the directory, and the rules of mappings. Pure: no `async`, clock, environment or randomness.

mod change;
mod connection;
mod expression;
mod filter;
mod id_range;
mod job;
mod mapping;
mod memberships;
mod raw;
mod record;
mod rejection;
mod roster;
#[cfg(test)]
mod samples;
mod sighting;
mod status;
mod time;
mod token;
mod user;

pub use change::{Change, Observed};
pub use connection::{Auth, ConfigFault, Connection, GuardLimits, OktaLink, OrgUrl};
pub use expression::{Attributes, Expression};
pub use filter::Filter;
pub use id_range::IdRange;
pub use job::Job;
pub use mapping::{Mapping, Source, Target};
pub use memberships::{Memberships, RoleRule};
pub use raw::{Peek, RawObject, peek};
pub use record::*;
pub use roster::Roster;
pub use sighting::{Decoded, Sighting, decode, id as id_of};
pub use status::{USER_STATUSES, is_known_status, standing_of};
pub use time::Time;
pub use token::Token;
pub use user::{Identity, Undecodable, User, decode_user, identify};
