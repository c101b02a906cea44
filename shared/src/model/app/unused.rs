//! Rows of the view of what is not used: an application that nobody signed on to lately, or somebody to whom an application
//! is assigned and who did not. Pure: what is told of them was read elsewhere.

use serde::Serialize;

use super::assignment::{Access, Assigned, Assignment};
use super::usage::WINDOW;
use crate::model::{DAY, Time};

/// An application that is not used, or somebody who does not use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// The connection's name.
    pub connection: String,
    /// The application's Okta id.
    pub app: String,
    /// What it is called, as its record says.
    pub app_name: String,
    /// Its status in Okta.
    pub app_status: String,
    /// The Okta id of somebody who does not use it; null in the row of an application that nobody uses.
    pub person: Option<String>,
    /// How it is assigned to them.
    pub assigned: Option<Assigned>,
    /// Since when it is assigned to them, where Okta says; since when there is the application, in its own row.
    pub since: Option<Time>,
    /// When they, or anybody, last signed on, if that is known.
    pub last_sign_on: Option<Time>,
    /// From when on use is known.
    pub observed_since: Time,
}

/// The time that use is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// From when on use is known without a gap.
    pub since: Time,
    /// Up to when.
    pub until: Time,
}

impl Observed {
    /// Whether use is known for all of the window, but for a day: the log begins no earlier, and moves on while it is read.
    pub fn is_whole(self) -> bool {
        self.since <= self.until.before(WINDOW - DAY)
    }

    /// Whether whoever last signed on then counts as not using it. Counted back from the end of what is known: what came
    /// later was not looked at, and may be use.
    pub fn is_unused(self, last: Option<Time>) -> bool {
        last.is_none_or(|last| last < self.until.before(WINDOW))
    }

    /// Whether somebody who is assigned like this, and last signed on then, may use the application and does not.
    pub fn is_idle(self, assignment: &Assignment, last: Option<Time>) -> bool {
        assignment.status.access() == Access::Granted && self.is_unused(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::app::AssignmentStatus;

    #[test]
    fn whoever_may_use_it_and_did_not_within_the_window_is_idle() {
        let until: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let observed = Observed { since: until.before(WINDOW), until };
        let of = |status| Assignment { since: None, how: Assigned::Directly, status };
        let (bound, longer) = (until.before(WINDOW), until.before(WINDOW * 2));
        for (last, is_idle) in [(None, true), (Some(longer), true), (Some(bound), false), (Some(until), false)] {
            assert_eq!(observed.is_idle(&of(AssignmentStatus::Active), last), is_idle, "{last:?}");
            assert!(!observed.is_idle(&of(AssignmentStatus::Suspended), last));
        }
        assert!(observed.is_whole());
        assert!(!Observed { since: until.before(WINDOW / 2), until }.is_whole());
    }
}
