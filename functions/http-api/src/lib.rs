//! The HTTP endpoint: what an operator, a program or Okta's event hook asks for over HTTP. The Lambda function serves this
//! router behind API Gateway, and `rollcall serve` on this machine.
//!
//! One module for each resource (`connections`, `checks`, `runs`, `records`, `hooks`, …). A route reads what was
//! asked, calls one handler of `rollcall-shared`, and tells what came of it; it never touches a record itself. `gate` says
//! who may ask, `refusal` how a refusal is told, `document` describes all of it as OpenAPI.

// What the routes do are futures nested more deeply than the compiler follows by default.
#![recursion_limit = "256"]

mod changes;
mod checks;
mod connection_schema;
mod connections;
mod document;
mod endpoint;
pub mod event;
mod gate;
mod health;
mod hooks;
mod pages;
mod records;
mod refusal;
mod request;
mod roles;
mod runs;
mod unsynced;

pub use document::document;
pub use endpoint::{Endpoint, router};
pub use gate::Gate;
pub use roles::{Role, RoleGroups};
