//! The simulator over the wire, as a client meets it.

mod apps;
mod assignments;
mod assurances;
mod client;
mod control;
mod device_life;
mod devices;
mod faults;
mod history;
mod limits;
mod lists;
mod log;
mod oauth;
mod roles;
mod scenario;
mod schema;
