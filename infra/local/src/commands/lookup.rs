//! Finds what a command names, or says which names there are.

use rollcall_shared::Context;
use rollcall_shared::model::{Connection, Mapping};
use rollcall_shared::report::RunReport;

use crate::failure::Failure;

/// The connection of this name.
pub(super) async fn connection(context: &Context, name: &str) -> Result<Connection, Failure> {
    if let Some(connection) = context.directory.connection(name).await? {
        return Ok(connection);
    }
    let names: Vec<String> = context.directory.connections().await?.into_iter().map(|(name, _)| name).collect();
    let hint = if names.is_empty() {
        "None is stored here yet: `rollcall apply FILE` stores one.".to_owned()
    } else {
        format!("The connections here are: {}.", names.join(", "))
    };
    Err(Failure::usage(format!("There is no connection {name}."), hint))
}

/// The connection's mapping of this name.
pub(super) fn mapping<'a>(connection: &'a Connection, name: &str) -> Result<&'a Mapping, Failure> {
    connection.mappings.iter().find(|mapping| mapping.name == name).ok_or_else(|| {
        let names: Vec<&str> = connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
        Failure::usage(
            format!("The connection {} has no mapping {name}.", connection.name),
            format!("Its mappings are: {}.", names.join(", ")),
        )
    })
}

/// The run with this id.
pub(super) async fn run(context: &Context, id: &str) -> Result<RunReport, Failure> {
    context.directory.run(id).await?.ok_or_else(|| {
        Failure::usage(format!("There is no run {id}."), "`rollcall runs` lists the runs with their ids.")
    })
}
