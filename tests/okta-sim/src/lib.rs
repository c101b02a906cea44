//! A stateful Okta org behind HTTP, for tests, benchmarks and the demo.
//!
//! Three parts, each of which knows only the ones before it:
//!
//! - [`Org`] is pure state: people, groups, devices, applications and the system log. Its
//!   methods are what an administrator or a person does, in domain words (`create`, `deactivate`,
//!   `add_to_group`, …); each moves the times and writes the log events that Okta would.
//!   `Org::generate` makes a believable org of any size from a seed.
//! - `expression` reads the `search` and `filter` languages.
//! - `http` answers for the org as Okta's management API does: paging, buckets, roles, errors; and gives service apps
//!   access tokens.
//!
//! [`Sim`] binds them to a port of the loopback interface. Whatever can go wrong on the way is
//! scripted with a [`Fault`], and every request seen is kept as a [`Call`].
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use okta_sim::{Fault, FaultKind, Match, NewUser, Options, Org, Sim};
//! let org = Org::generate(7, 500, jiff::Timestamp::now());
//! let sim = Sim::start(org, Options::default()).await?;
//! let ada = sim.with(|org| org.create(NewUser::new("Ada", "Byron", "ada@acme.example")));
//! sim.inject(Fault::new(Match::path("/api/v1/users?").skip(2), FaultKind::Status(503)));
//! sim.with(|org| org.deactivate(&ada));
//! # Ok(()) }
//! ```
//!
//! The library never prints.

mod call;
mod clock;
mod expression;
mod fault;
mod generate;
mod http;
mod id;
pub mod keys;
mod options;
mod org;
mod role;
mod service_app;
mod sim;
#[cfg(test)]
mod tests;

pub use call::Call;
pub use fault::{Fault, FaultKind, Malformed, Match};
pub use keys::KnownKey;
pub use options::Options;
pub use org::{
    App, AppStatus, Assignment, Device, DeviceLink, DeviceStatus, Event, Feature, Group, GroupKind, ManagementStatus,
    NewApp, NewDevice, NewUser, Org, Party, Pipeline, Policy, Provider, Scope, ScreenLock, SignOn, Status, User,
    UserType,
};
pub use role::Role;
pub use service_app::ServiceApp;
pub use sim::Sim;
