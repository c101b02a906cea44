//! A first import and a second: how much each takes, whatever the machine.

use std::path::Path;

use okta_sim::Options;

use crate::Failure;
use crate::figures::{Figures, Report};
use crate::stage::{FIFTEEN_MINUTES, Stage, UNLIMITED, wrote_nothing};

/// Imports an org of this size twice.
pub(crate) async fn run(binary: &Path, users: usize, report: &mut Report) -> Result<(), Failure> {
    let stage = Stage::set(users, Options { limit_per_minute: UNLIMITED, ..Options::default() }).await?;
    let first = stage.import(binary, FIFTEEN_MINUTES).await?;
    report.add("first", &first);
    bounds(report, "first", &first);
    report.differences(&format!("{users} users, first"), &stage.differences().await);

    let second = stage.import(binary, FIFTEEN_MINUTES).await?;
    report.add("second", &second);
    bounds(report, "second", &second);
    let wrote = if wrote_nothing(&second.run) { 0.0 } else { 1.0 };
    report.at_most(&format!("{users} users, second: runs that wrote a record"), wrote, 0.0);
    Ok(())
}

/// A page has 200 people; beyond the pages, one call in 25 is for what a run asks besides.
fn bounds(report: &mut Report, what: &str, figures: &Figures) {
    let users = figures.users;
    let pages = users.div_ceil(200);
    let allowed = pages + (pages / 25).max(20);
    report.at_most(&format!("{users} users, {what}: Okta calls"), figures.okta_calls as f64, allowed as f64);
    let memory = if users <= 100_000 { 128.0 } else { 256.0 };
    report.at_most(&format!("{users} users, {what}: peak MiB"), figures.peak_rss_mib, memory);
    report.at_most(&format!("{users} users, {what}: 429s"), figures.throttled as f64, 0.0);
}
