//! Logs for a person at a terminal: on stderr, and few unless asked for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging: warnings, with one `-v` what is going on, with two everything; `RUST_LOG` goes before.
pub(crate) fn start(verbosity: u8) {
    // The emulator warns of every condition that does not hold, which is how records are guarded. And what ends a run is
    // in its report, which is printed anyway.
    let filter = match verbosity {
        0 => "warn,dynoxide=error,rollcall_shared::handlers=off",
        1 => "info,dynoxide=error",
        _ => "debug,dynoxide=error,hyper=info,aws=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    let logs = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let logs = logs.with_env_filter(filter).with_target(false);
    // Fails only when there is a subscriber already, which then keeps the logs.
    let _ = logs.try_init();
}
