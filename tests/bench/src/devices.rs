//! Devices: a first collection, one after a day that finds nothing changed, and one after an hour.

use std::path::Path;
use std::time::Duration;

use okta_sim::Options;
use rollcall_shared::handlers::verify::verify;
use test_support::devices;
use test_support::lambda::{Function, environment};

use crate::Failure;
use crate::figures::{Figures, Report};
use crate::following::invoke;
use crate::stage::{FIFTEEN_MINUTES, Stage, UNLIMITED, wrote_nothing};

/// The function that it measures.
pub(crate) const FUNCTION: &str = "device-collection";
/// Devices on a page of Okta's.
const DEVICES_A_PAGE: usize = 200;
/// What a function of 128 MB may use at most.
const MEMORY_MIB: f64 = 128.0;

/// Collects so many devices of an org with half as many people.
pub(crate) async fn run(binaries: &Path, count: usize, report: &mut Report) -> Result<(), Failure> {
    let options = Options { limit_per_minute: UNLIMITED, ..Options::default() };
    let mut stage = Stage::set(count / 2, options).await?;
    devices::add(&mut stage.world, count).await;
    verify(&stage.world.context, &stage.world.connection.name).await?;
    for (what, later) in [("first", Duration::ZERO), ("a day later", DAY), ("an hour later", HOUR)] {
        stage.world.later(later);
        let function =
            Function::deploy(&binaries.join(FUNCTION), environment(&stage.world.stack), FIFTEEN_MINUTES).await?;
        let began = std::time::Instant::now();
        let (run, usage) = invoke(&stage, &function).await?;
        let figures = Figures::new(&run, (began.elapsed(), 0), usage);
        report.add(what, &figures);
        let allowed = if later == HOUR { 3 } else { count.div_ceil(DEVICES_A_PAGE) + 1 };
        report.at_most(&format!("{what}: Okta calls"), figures.okta_calls as f64, allowed as f64);
        report.at_most(&format!("{what}: peak memory, MiB"), figures.peak_rss_mib, MEMORY_MIB);
        if later > Duration::ZERO {
            let wrote = if wrote_nothing(&run) { 0.0 } else { 1.0 };
            report.at_most(&format!("{what}: runs that wrote a record"), wrote, 0.0);
        }
        report.differences(what, &devices::compare(&stage.world).await);
    }
    Ok(())
}

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
