//! Somebody is gone: that Okta does not show them has been confirmed, and a reason found.

use super::{AtWork, Sheet};
use crate::directory::{Known, Written};
use crate::handlers::interruption::Interruption;
use crate::model::{Mapping, Outcome, Reason};
use crate::reconcile::{Verdict, absent, outcome_of_nothing_to_write};

/// A confirmed absence.
pub(crate) struct Absence {
    /// Why somebody is gone.
    pub(crate) reason: Reason,
    /// The bucket that they were counted in before, if they were.
    pub(crate) counted: Option<Outcome>,
}

/// Writes, or collects for the guard, that somebody is gone.
pub(crate) async fn gone(
    job: &AtWork<impl Sheet>,
    mapping: &Mapping,
    known: &Known,
    Absence { reason, counted }: Absence,
) -> Result<Option<Outcome>, Interruption> {
    let line = &job.line;
    let nothing = outcome_of_nothing_to_write(Outcome::Unchanged, Some(&known.current), line.lease.run());
    line.clear(mapping, &known.id).await?;
    line.retell_if_untold(mapping, (known.source_created, &known.id), Some(&known.current)).await?;
    if reason == Reason::Missing && known.current.standing.is_some() {
        // Inactive already, and nobody can tell what became of them: nothing that a person need approve.
        return Ok(Some(nothing));
    }
    match absent(&known.id, known.source_created, &known.current, reason) {
        Verdict::Deactivate(change) => {
            line.collect(mapping, &change, counted).await?;
            job.ledger(|ledger| ledger.deactivations = true);
            Ok(None)
        }
        Verdict::Write(change) => {
            let written = line.write(mapping, &change).await? == Written::Done;
            Ok(Some(if written { change.outcome } else { Outcome::Stale }))
        }
        _ => Ok(Some(nothing)),
    }
}
