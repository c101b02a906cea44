//! Logs for a person at a terminal: on stderr, and few unless asked for.

use std::io::{self, IsTerminal, Write};
use std::sync::{PoisonError, RwLock};

use indicatif::ProgressBar;
use tracing_subscriber::EnvFilter;

/// What is drawn below the logs, if anything is.
static BELOW: RwLock<Option<ProgressBar>> = RwLock::new(None);

/// Starts logging: warnings, with one `-v` what is going on, with two everything; `RUST_LOG` goes before.
pub(crate) fn start(verbosity: u8) {
    // The emulator warns of every condition that does not hold, which is how records are guarded. And what ends a run, a hold too, is
    // in its report, which is printed anyway. The SDK warns of every place without credentials; what comes of it is told once.
    let filter = match verbosity {
        0 => "warn,aws_config=off,dynoxide=error,rollcall_shared::handlers=off,rollcall_shared::telemetry=off",
        1 => "info,dynoxide=error",
        _ => "debug,dynoxide=error,hyper=info,aws=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    let logs = tracing_subscriber::fmt().with_writer(|| Above).with_ansi(std::io::stderr().is_terminal());
    let logs = logs.with_env_filter(filter).with_target(false);
    // Fails only when there is a subscriber already, which then keeps the logs.
    let _ = logs.try_init();
}

/// From here on logs are written above what this draws.
pub(crate) fn keep_above(drawn: &ProgressBar) {
    *BELOW.write().unwrap_or_else(PoisonError::into_inner) = Some(drawn.clone());
}

/// Stderr, above what is drawn on it.
struct Above;

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().write_all(bytes).map(|()| bytes.len());
        match &*BELOW.read().unwrap_or_else(PoisonError::into_inner) {
            Some(drawn) => drawn.suspend(write),
            None => write(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
