//! The pace: as fast as the rate limit allows, and no faster.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use okta_sim::{Call, Options};
use serde_json::json;

use crate::Failure;
use crate::figures::Report;
use crate::stage::{FIFTEEN_MINUTES, Stage};

const LATENCY: Duration = Duration::from_millis(300);
const LIMIT: u32 = 600;
const WINDOW: Duration = Duration::from_secs(6);

/// Imports an org from an Okta that answers slowly and limits calls, within this share of the limit.
pub(crate) async fn run(binary: &Path, (users, budget): (usize, u8), report: &mut Report) -> Result<(), Failure> {
    let okta = Options { latency: LATENCY, limit_per_minute: LIMIT, ..Options::default() };
    let mut stage = Stage::set(users, okta).await?;
    stage.world.reconnect(|document| document["rate_budget_percent"] = json!(budget)).await;
    let figures = stage.import(binary, FIFTEEN_MINUTES).await?;
    report.add(&format!("budget {budget} %"), &figures);

    let calls = stage.world.sim.calls();
    let a_minute = f64::from(LIMIT) * f64::from(budget) / 100.0;
    let floor = users.div_ceil(200) as f64 / (a_minute / 60.0);
    report.at_most(&format!("budget {budget} %: seconds (floor {floor:.0})"), figures.seconds, floor * 1.25);
    let throttled = calls.iter().filter(|call| call.status == 429).count();
    report.at_most(&format!("budget {budget} %: 429s"), throttled as f64, 0.0);
    for (bucket, most) in busiest_windows(&calls) {
        let what = format!("budget {budget} %: most calls to {bucket} in 6 seconds");
        report.at_most(&what, most as f64, a_minute / 10.0 + 8.0);
    }
    report.differences(&format!("budget {budget} %"), &stage.differences().await);
    Ok(())
}

/// The most calls in any six seconds, for each bucket.
fn busiest_windows(calls: &[Call]) -> BTreeMap<&'static str, usize> {
    let mut buckets: BTreeMap<&'static str, Vec<Instant>> = BTreeMap::new();
    for call in calls.iter().filter(|call| !call.bucket.is_empty()) {
        buckets.entry(call.bucket).or_default().push(call.at);
    }
    let busiest = |moments: Vec<Instant>| {
        let within = |(first, begin): (usize, &Instant)| {
            moments.get(first..).unwrap_or_default().iter().take_while(|at| **at < *begin + WINDOW).count()
        };
        moments.iter().enumerate().map(within).max().unwrap_or_default()
    };
    buckets.into_iter().map(|(bucket, moments)| (bucket, busiest(moments))).collect()
}
