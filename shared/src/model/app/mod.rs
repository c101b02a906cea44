//! Applications: which of them are services, who is assigned to them, and who has used them lately.
//!
//! Beside the way of a record, and pure: the rows of an application's people and the events of its use are read here, and
//! what is kept of them is put together, counted and cut into pieces that fit an item. Nothing here asks Okta or stores
//! anything, and no time is taken but from Okta's own words.

mod assignment;
mod kind;
mod part;
mod service;
mod sign_on;
mod unused;
mod usage;

pub use assignment::{Access, Assigned, Assignment, AssignmentStatus, UnreadableAssignment};
pub use kind::AppKind;
pub use part::{Kept, Person, belonging, cut, read, written};
pub use service::{Headcounts, Service};
pub use sign_on::SignOn;
pub use unused::{Observed, Unused};
pub use usage::{SignOns, Use, WINDOW, merged};
