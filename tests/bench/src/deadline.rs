//! An import over many short invocations.

use std::path::Path;
use std::time::Duration;

use okta_sim::Options;

use crate::Failure;
use crate::figures::Report;
use crate::stage::{Stage, UNLIMITED};

/// Imports an org of this size by invocations of so many seconds.
pub(crate) async fn run(binary: &Path, (users, seconds): (usize, u64), report: &mut Report) -> Result<(), Failure> {
    let stage = Stage::set(users, Options { limit_per_minute: UNLIMITED, ..Options::default() }).await?;
    let figures = stage.import(binary, Duration::from_secs(seconds)).await?;
    report.add(&format!("{seconds} s each"), &figures);
    let runs = stage.world.stack.context.directory.runs(&stage.world.connection.name).await?;
    report.at_most("runs", runs.len() as f64, 1.0);
    report.at_most("invocations that were killed", figures.killed as f64, 0.0);
    report.differences(&format!("{users} users"), &stage.differences().await);
    Ok(())
}
