//! The full import over the wire: the production handler against a simulated Okta and an embedded DynamoDB.
//!
//! A case builds an org in domain words, calls the handler, and looks at what an outsider sees: the directory, the
//! unsynced rows, the hold and the run report. One module for each promise.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop where it is")]

mod absence;
mod architecture;
mod blind;
mod changes;
mod concurrency;
mod delta;
mod delta_runs;
mod deprovisioning;
mod devices;
mod devices_gone;
mod due;
mod event_hooks;
mod faults;
mod fields;
mod groups;
mod guard;
mod identifiers;
mod import;
mod kill;
mod malformed;
mod managers;
mod memberships;
mod offboarding;
mod preview;
mod products;
mod rotation;
mod schema;
mod service_app;
mod services;
mod services_gone;
mod throttles;
mod untold;
mod unused;
