//! Keeps a holder that has lost its lease, and does not know it yet, from undoing what its successor wrote.
//!
//! Each holder of a lease has a token, larger than any holder's before it. Items that a run writes keep the largest
//! token that wrote them, and refuse a smaller one. Tokens count per connection *and job*; items that several jobs
//! write (the hold, the connection's state) therefore keep one for each job.

use super::lease::Lease;

/// The token of a lease, and the attribute in which items keep it.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    pub(super) attribute: String,
    pub(super) token: u64,
}

impl Fence {
    pub(super) fn of(lease: &Lease) -> Fence {
        Fence { attribute: format!("fencing_token_{}", lease.job().name().replace('-', "_")), token: lease.token() }
    }
}
