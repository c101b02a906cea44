//! Pure: what Okta says against what the directory holds. No `async`, clock, environment or randomness.
//!
//! Its place in the line is between map and apply: it turns an observation and the current record into a [`Verdict`],
//! and the collected deactivations into a [`Decision`](guard::Decision). It never reads, writes or waits.

mod blind;
mod diff;
pub mod guard;
mod hash;
mod passes;
mod rivals;
mod slices;
mod watermark;

pub use self::hash::hash;
pub use blind::{OLD_ENOUGH_TO_BE_LISTED, is_too_many};
pub use diff::{
    FRESH, Observation, Source, Verdict, absent, outcome_of_nothing_to_write, reconcile, reconcile_derived,
};
pub use passes::{GroupOrder, Pass, passes};
pub use rivals::{Contender, Rivalry, Rivals};
pub use slices::{SECOND, Slice, cut_second, split};
pub use watermark::{LATE_EVENTS, watermark};
