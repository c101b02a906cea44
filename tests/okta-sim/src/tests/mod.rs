//! The simulator over the wire, as a client meets it.

mod client;
mod faults;
mod limits;
mod lists;
mod log;
mod roles;
mod scenario;
mod schema;
