//! The objects of Okta and of the directory, and the rules of mappings. Pure: no `async`, clock, environment or randomness.

mod adopted;
mod change;
mod claim;
mod connection;
mod expression;
mod filter;
mod history;
mod id_range;
mod job;
mod mapping;
mod memberships;
mod preset;
mod raw;
mod record;
mod rejection;
mod roster;
#[cfg(test)]
mod samples;
mod schema;
mod sighting;
mod status;
mod suggest;
mod time;
mod token;
mod user;

pub use adopted::{ADOPTED, adoption, is_adopted};
pub use change::{Change, Former, Observed, Predecessor};
pub use claim::Claim;
pub use connection::{Auth, ConfigFault, Connection, GuardLimits, OktaLink, OrgUrl};
pub use expression::{Attributes, Expression};
pub use filter::Filter;
pub use history::{Changed, FeedEntry, FromTo, Step, changed};
pub use id_range::IdRange;
pub use job::Job;
pub use mapping::{Mapping, Source, Target};
pub use memberships::{Memberships, RoleRule};
pub use preset::{Preset, preset, presets};
pub use raw::{Peek, RawObject, peek};
pub use record::*;
pub use roster::Roster;
pub use schema::{Gap, Lacking, UserSchema, reads_custom_attributes};
pub use sighting::{Decoded, Sighting, decode, id as id_of};
pub use status::{USER_STATUSES, is_known_status, standing_of};
pub use time::Time;
pub use token::Token;
pub use user::{Identity, Undecodable, User, decode_user, identify};
