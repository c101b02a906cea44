//! What every Rollcall function is made of, in the order a record meets it.
//!
//! ```text
//! Okta page → decode → filter → map → diff against current → plan → guard → apply → record / unsynced → checkpoint → report
//!   okta      model    model    model  reconcile              reconcile        directory               directory    report
//! ```
//!
//! The stages know the [`model`]'s types and never each other; [`sync`] alone goes out to a stage and back.

pub mod clock;
pub mod config;
pub mod context;
pub mod directory;
pub mod error;
pub mod groups;
pub mod handlers;
pub mod line;
pub mod model;
pub mod okta;
pub mod reconcile;
pub mod report;
pub mod sync;
pub mod telemetry;

pub use context::Context;
pub use error::{Error, Fate};
