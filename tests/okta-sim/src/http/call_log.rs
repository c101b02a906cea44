//! The record of every request, in order of arrival.

use crate::call::Call;

/// The calls, and how many were cleared before them.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    cleared: usize,
    calls: Vec<Call>,
}

impl CallLog {
    /// Adds a call and returns the number under which its status is set later.
    pub(super) fn add(&mut self, call: Call) -> usize {
        self.calls.push(call);
        self.cleared + self.calls.len() - 1
    }

    pub(super) fn set_status(&mut self, number: usize, status: u16) {
        let place = number.checked_sub(self.cleared);
        if let Some(call) = place.and_then(|place| self.calls.get_mut(place)) {
            call.status = status;
        }
    }

    pub(crate) fn all(&self) -> &[Call] {
        &self.calls
    }

    pub(crate) fn clear(&mut self) {
        self.cleared += self.calls.len();
        self.calls.clear();
    }
}
