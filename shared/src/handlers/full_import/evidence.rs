//! What can be said of absences: the log's deletions, and what earlier imports found of those who wait in the hold.

use std::collections::HashMap;
use std::time::Duration;

use futures::TryStreamExt;

use super::import::Import;
use crate::directory::{ConnectionState, HeldEntry};
use crate::handlers::interruption::Interruption;
use crate::model::{Reason, Rejection, RejectionReason, Time};
use crate::okta::{Deletions, log_reaches_back_to};

/// The overlap of two imports' looks at the log: a person who went just before one may be listed in it still, because
/// search lags, and the event may reach the log late. Deletions are few, so a generous overlap costs no further request.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// What the log can say about absences.
pub(super) struct Evidence {
    /// Who was deleted, and when the log says so.
    pub(super) deletions: HashMap<String, Time>,
    /// What earlier imports found of those who wait in the hold: it may be older than what the log still has.
    held: HashMap<String, Reason>,
    /// Whether it covers the whole time since the suspects were last known to be there.
    complete: bool,
}

impl Evidence {
    /// Why somebody is gone whom Okta answers with 404, or that nothing explains it.
    pub(super) fn of(&self, id: &str) -> Result<Reason, Rejection> {
        match (self.deletions.contains_key(id), self.held.get(id), self.complete) {
            (true, _, _) => Ok(Reason::Deleted),
            (false, Some(reason), _) => Ok(*reason),
            (false, None, false) => Ok(Reason::Missing),
            (false, None, true) => Err(unexplained_absence()),
        }
    }
}

/// When the people of a connection were last known to be there, but for the unsettled.
pub(super) fn last_seen(state: &ConnectionState) -> Option<Time> {
    state.last_complete.as_ref().map(|import| import.t0).or(state.first_started)
}

/// Reads the deletions since the suspects were last seen, once for all of them; and as far back as others are unsettled.
pub(super) async fn gather(import: &Import, state: &ConnectionState, t0: Time) -> Result<Evidence, Interruption> {
    let held = reasons_of_held(import).await?;
    let now = import.line.okta.now();
    let retained = log_reaches_back_to(now);
    let last_seen = last_seen(state).unwrap_or(t0).min(t0).before(OVERLAP);
    let since = state.unsettled_since.map_or(last_seen, |unsettled| unsettled.before(OVERLAP).min(last_seen));
    match import.line.okta.deletions(since.max(retained)).await? {
        Deletions::Known(deletions) => Ok(Evidence { deletions, held, complete: last_seen >= retained }),
        Deletions::NotPermitted(why) => {
            import.line.warn(format!("The system log could not be read, so deletions cannot be told: {why}"));
            Ok(Evidence { deletions: HashMap::new(), held, complete: false })
        }
    }
}

async fn reasons_of_held(import: &Import) -> Result<HashMap<String, Reason>, Interruption> {
    let mut reasons = HashMap::new();
    if import.work().checkpoint.suspects {
        let mut held = import.line.directory.held(&import.line.connection.name);
        while let Some(HeldEntry { change, .. }) = held.try_next().await? {
            if let Some(reason) = change.standing.filter(|reason| reason.is_gone()) {
                reasons.insert(change.id, reason);
            }
        }
    }
    Ok(reasons)
}

fn unexplained_absence() -> Rejection {
    Rejection {
        reason: RejectionReason::UnexplainedAbsence,
        message: "Okta does not show this person any more, and its log has no deletion of them.".to_owned(),
        identifier: None,
    }
}
