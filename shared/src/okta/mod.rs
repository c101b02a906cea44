//! I/O in: Okta's API. The first stage of a record's way: pages of raw objects, read at the pace that Okta allows.
//!
//! A call goes through these files in order: a [`PageRequest`] (`query`) is asked for (`client`), as often as
//! it takes (`retry`), and again with a newer credential; each attempt (`attempt`) waits for its turn (`pacing`), is
//! signed (`auth`) and sent; an
//! answer is a [`Page`] (`page`, `links`) or an [`OktaError`] (`answer`, `fault`, `error`, `hint`). What is
//! more than a page has a file of its own: `organization`, `groups`, `members`, `log`, `schema`, `devices`,
//! `apps`.
//!
//! Nothing here decodes an object of a list, writes anything in Okta, or knows the directory. The credential
//! goes to the configured host only, and never into a log, an error or a `Debug` text.

mod answer;
mod apps;
mod attempt;
mod auth;
mod client;
mod cursor;
mod devices;
mod error;
mod fault;
mod groups;
mod hint;
mod links;
mod log;
mod members;
mod organization;
mod pacing;
mod page;
mod query;
mod retry;
mod schema;
mod usage;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use auth::{AccessTokens, Credential, ReadSecret, check_credential};
pub use client::{Okta, OktaSettings, ProcessState, http_client};
pub use error::{NoAnswer, OktaError};
pub use fault::{Fault, Throttle};
pub use groups::Everyone;
pub use log::{Deletions, RETENTION as LOG_RETENTION, log_reaches_back_to};
pub use members::{ChangedGroups, Group};
pub use organization::Organization;
pub use pacing::Paces;
pub use page::Page;
pub use query::PageRequest;
pub use schema::Schemas;
