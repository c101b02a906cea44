//! What every Rollcall function is made of, in the order a record meets it.
//!
//! ```text
//! Okta page → decode → filter → map → diff against current → guard → apply → record / unsynced → checkpoint → report
//!   okta      model    model    model       reconcile       reconcile      directory            directory    report
//! ```
//!
//! The stages ([`okta`], [`reconcile`], [`directory`]) know the [`model`]'s types and never each other. Who brings them
//! together stands above them:
//!
//! - [`mod@line`] holds what a run's records go through, and [`sync`] takes each page along it, from decoding to the write;
//! - [`handlers`] are the jobs. They ask Okta for the pages, hand them to `sync`, and do themselves what is no page: they
//!   keep leases, checkpoints and the hold, confirm absences, and let the guard decide, with direct calls of the stages.
//! - [`preview`] is the line without its last stages: it says what a page would come to, and writes nothing.
//!
//! Beside the way: [`context`] and [`config`] are what a process begins with, [`error`] says what becomes of a run after a
//! failure, [`halt`] asks runs to stop, [`mod@csv`] is the form that a spreadsheet opens, [`telemetry`] writes the logs, and [`clock`] is this machine's.

pub mod clock;
pub mod config;
mod contest;
pub mod context;
pub mod csv;
mod custody;
pub mod directory;
pub mod error;
pub mod groups;
pub mod halt;
pub mod handlers;
pub mod line;
mod managers;
pub mod model;
pub mod okta;
pub mod preview;
pub mod reconcile;
mod rehire;
pub mod report;
mod services;
pub mod sync;
pub mod telemetry;

pub use context::Context;
pub use error::{Error, Fate};
