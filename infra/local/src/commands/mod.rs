//! One file a command. A command looks things up, calls one handler of `rollcall-shared` and prints what came of it;
//! what it does to a directory is decided there.

pub(crate) mod apply;
mod approve;
mod cancel;
mod changes;
mod history;
mod import;
pub(crate) mod list;
mod lookup;
pub(crate) mod offboarding;
mod presets;
mod preview;
mod runs;
mod serve;
pub(crate) mod sync;
mod unsynced;
mod unused;
pub(crate) mod verify;
pub(crate) mod watch;

use crate::cli::Command;
use crate::failure::{Failure, Status};
use crate::session::Session;

/// Carries a command out.
pub(crate) async fn run(session: &mut Session, command: Command) -> Result<Status, Failure> {
    match command {
        Command::Demo(arguments) => crate::demo::run(session, &arguments).await,
        Command::Apply(arguments) => apply::run(session, &arguments).await,
        Command::Verify(argument) => verify::run(session, &argument.connection).await,
        Command::Preview(arguments) => preview::run(session, arguments).await,
        Command::Sync(arguments) => sync::run(session, &arguments).await,
        Command::Runs(arguments) => runs::list(session, arguments.connection.as_deref()).await,
        Command::Run(argument) => runs::show(session, &argument.id).await,
        Command::Approve(argument) => approve::run(session, &argument.id).await,
        Command::Cancel(argument) => cancel::run(session, &argument.id).await,
        Command::List(arguments) => list::run(session, &arguments).await,
        Command::Unsynced(arguments) => unsynced::run(session, &arguments).await,
        Command::Offboarding(arguments) => offboarding::run(session, &arguments).await,
        Command::Unused(arguments) => unused::run(session, &arguments).await,
        Command::Import(arguments) => import::run(session, &arguments).await,
        Command::Presets => presets::list(session),
        Command::Preset(argument) => presets::show(session, &argument.name),
        Command::Changes(arguments) => changes::run(session, &arguments).await,
        Command::History(arguments) => history::run(session, &arguments).await,
        Command::Serve(arguments) => serve::run(session, &arguments).await,
    }
}
