//! What can be said of absences: the log's deletions, and what earlier imports found of those who wait in the hold.

use std::collections::HashMap;
use std::time::Duration;

use futures::TryStreamExt;

use super::{AtWork, Sheet};
use crate::directory::{ConnectionState, HeldEntry};
use crate::handlers::interruption::Interruption;
use crate::line::Line;
use crate::model::{DAY, Reason, Rejection, RejectionReason, Time};
use crate::okta::{Deletions, log_reaches_back_to};

/// The overlap of two imports' looks at the log: a person who went just before one may be listed in it still, because
/// search lags, and the event may reach the log late. Deletions are few, so a generous overlap costs no further request.
const OVERLAP: Duration = DAY;

/// What the log can say about absences.
pub(crate) struct Evidence {
    /// What was deleted, and when the log says so.
    pub(crate) deletions: HashMap<String, Time>,
    /// What earlier imports found of those who wait in the hold: it may be older than what the log still has.
    held: HashMap<String, Reason>,
    /// Whether it covers the whole time since the suspects were last known to be there.
    complete: bool,
}

impl Evidence {
    /// Why an object is gone that Okta answers with 404, or that nothing explains it.
    pub(crate) fn of(&self, id: &str) -> Result<Reason, Rejection> {
        match (self.deletions.contains_key(id), self.held.get(id), self.complete) {
            (true, _, _) => Ok(Reason::Deleted),
            (false, Some(reason), _) => Ok(*reason),
            (false, None, false) => Ok(Reason::Missing),
            (false, None, true) => Err(unexplained_absence()),
        }
    }
}

/// When the people of a connection were last known to be there, but for the unsettled.
pub(crate) fn last_seen(state: &ConnectionState) -> Option<Time> {
    state.last_complete.as_ref().map(|import| import.t0).or(state.first_started)
}

/// Since when absences are to be explained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    /// When the suspects were last known to be there.
    pub(crate) last_seen: Time,
    /// Since when others are unsettled.
    pub(crate) unsettled_since: Option<Time>,
}

/// Reads the deletions since the suspects were last seen, once for all of them; and as far back as others are unsettled.
/// What earlier runs found counts where there are suspects.
pub(crate) async fn gather<S: Sheet>(job: &AtWork<S>, gap: Gap, any_suspects: bool) -> Result<Evidence, Interruption> {
    let held = if any_suspects { reasons_of_held(&job.line).await? } else { HashMap::new() };
    let now = job.line.okta.now();
    let retained = log_reaches_back_to(now);
    let last_seen = gap.last_seen.before(OVERLAP);
    let since = gap.unsettled_since.map_or(last_seen, |unsettled| unsettled.before(OVERLAP).min(last_seen));
    match job.line.okta.deletions(S::OBJECTS, since.max(retained)).await? {
        Deletions::Known(deletions) => Ok(Evidence { deletions, held, complete: last_seen >= retained }),
        Deletions::NotPermitted(why) => {
            job.line.warn(format!("The system log could not be read, so deletions cannot be told: {why}"));
            Ok(Evidence { deletions: HashMap::new(), held, complete: false })
        }
    }
}

async fn reasons_of_held(line: &Line) -> Result<HashMap<String, Reason>, Interruption> {
    let mut reasons = HashMap::new();
    let mut held = line.directory.held(&line.connection.name);
    while let Some(HeldEntry { change, .. }) = held.try_next().await? {
        if let Some(reason) = change.standing.filter(|reason| reason.is_gone()) {
            reasons.insert(change.id, reason);
        }
    }
    Ok(reasons)
}

fn unexplained_absence() -> Rejection {
    Rejection {
        reason: RejectionReason::UnexplainedAbsence,
        message: "Okta does not show this object any more, and its log has no deletion of it.".to_owned(),
        identifier: None,
    }
}
