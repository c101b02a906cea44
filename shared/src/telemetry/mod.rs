//! Logs and metrics of a Lambda function: JSON lines on its stdout. They carry ids, never names, mail addresses, tokens or
//! secrets.

mod embedded;
pub(crate) mod metrics;

use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use self::embedded::EmbeddedMetrics;

/// Starts logging for a Lambda function: JSON on stdout, at the level that `RUST_LOG` or Lambda's own
/// `AWS_LAMBDA_LOG_LEVEL` asks for, else `info`; and, where `ROLLCALL_STACK` names the stack, its metrics among the logs.
pub fn start() {
    let level = std::env::var("RUST_LOG").or_else(|_| std::env::var("AWS_LAMBDA_LOG_LEVEL"));
    let filter = level.ok().and_then(|level| EnvFilter::try_new(level.to_lowercase()).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    let is_metric = |metadata: &tracing::Metadata<'_>| metadata.target() == metrics::TARGET;
    let logs = fmt::layer().json().with_target(false).without_time();
    let logs = logs.with_filter(filter.and(filter_fn(move |metadata| !is_metric(metadata))));
    let stack = std::env::var("ROLLCALL_STACK").ok().filter(|stack| !stack.is_empty());
    let metrics = stack.map(|stack| EmbeddedMetrics::new(stack, std::io::stdout).with_filter(filter_fn(is_metric)));
    // A second start in one process keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(logs).with(metrics).try_init();
}

/// Alarms: deactivations wait for a person. One log line of level `ERROR` with `alarm` = `hold`, and the metric
/// `HoldsOpened`.
pub(crate) fn alarm_of_hold(connection: &str, (job, run): (&str, &str), waiting: u64) {
    metrics::hold_opened(job);
    tracing::error!(
        alarm = "hold",
        connection,
        run,
        waiting,
        "deactivations wait for approval: `rollcall approve {run}` lets them go on, `rollcall cancel {run}` discards them"
    );
}
