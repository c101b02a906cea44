//! Pure: what Okta says against what the directory holds.
mod change;
pub use change::{Change, Observed};
