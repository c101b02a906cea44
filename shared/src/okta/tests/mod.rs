//! What the client makes of requests, links, pages and errors; the last of these over the wire.

mod apps;
mod client;
mod errors;
mod faults;
mod links;
mod oauth_errors;
mod page;
mod query;
mod server;
