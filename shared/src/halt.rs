//! How the runs of a process that is about to end are asked to stop where they next can, as at an invocation's deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The wish that runs stop at their next safe point, checkpointed and without their leases, so that others can take them
/// up. All clones are one.
#[derive(Debug, Clone, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Asks the runs to stop; there is no way back.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether they were asked to.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
