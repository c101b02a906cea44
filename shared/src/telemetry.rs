//! Logs: JSON lines in a Lambda function. They carry ids, never names, mail addresses, tokens or secrets.

use tracing_subscriber::EnvFilter;

/// Starts logging for a Lambda function: JSON on stdout, at the level that `RUST_LOG` or Lambda's own
/// `AWS_LAMBDA_LOG_LEVEL` asks for, else `info`.
pub fn start() {
    let level = std::env::var("RUST_LOG").or_else(|_| std::env::var("AWS_LAMBDA_LOG_LEVEL"));
    let filter = level.ok().and_then(|level| EnvFilter::try_new(level.to_lowercase()).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new("info"));
    // A second start in one process keeps the first subscriber.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_target(false).without_time().try_init();
}

/// Alarms: deactivations wait for a person. One log line of level `ERROR` with `alarm` = `hold`, which a metric filter or a
/// log search finds.
pub fn alarm_of_hold(connection: &str, run: &str, waiting: u64) {
    tracing::error!(
        alarm = "hold",
        connection,
        run,
        waiting,
        "deactivations wait for approval: `rollcall approve {run}` lets them go on, `rollcall cancel {run}` discards them"
    );
}
