//! The diff of one object under one mapping: desired against current.
//!
//! Okta's times have whole seconds, and a record also depends on its mapping, so `lastUpdated` alone cannot order two
//! observations. Where it cannot, the verdict is to read the object again by its id: that read is live.

use std::time::Duration;

use crate::model::{Change, Current, Desired, Observed, Outcome, Reason, Rejection, Scope, Time};

/// How long after `lastUpdated` an equal time may still hide another change: Okta's lists lag by minutes at worst.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// What was observed of an object, and how.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// What Okta says the record should be.
    pub desired: &'a Desired,
    /// Why the mapping could make no record of it, if so; `desired` then has no content.
    pub rejection: Option<&'a Rejection>,
    /// Where the observation comes from.
    pub source: Source,
}

/// Where an observation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Lists, whose index may lag: the object from one, who is in its groups from others.
    Listed,
    /// Reads by the object's id, which are live: of itself, and of its groups where a mapping asks for them.
    ReadById,
    /// The object by its id; its groups as they were listed.
    ObjectById,
    /// The object from a list; its groups were read by its id and noted.
    GroupsById,
}

impl Source {
    /// Whether the object itself is as Okta has it this moment.
    pub fn object_is_live(self) -> bool {
        matches!(self, Source::ReadById | Source::ObjectById)
    }

    /// Whether its groups are.
    pub fn groups_are_live(self) -> bool {
        matches!(self, Source::ReadById | Source::GroupsById)
    }
}

/// What a diff comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The record says it already.
    Unchanged,
    /// A filter leaves the object out, and there is no record, or one that says so already.
    Excluded,
    /// The observation is older than the record.
    Stale,
    /// The object is unsynced, for the observation's rejection.
    Rejected,
    /// The object is unsynced: another Okta id took its record over, and it is in use again.
    Superseded,
    /// The observation cannot be ordered against the record: read the object by its id.
    ReadAgain,
    /// Write this.
    Write(Change),
    /// Write this if the guard agrees: an active record would become inactive.
    Deactivate(Change),
}

/// Compares an observation with the current record; `now` is Okta's clock.
pub fn reconcile(observation: Observation<'_>, current: Option<&Current>, now: Time) -> Verdict {
    let desired = observation.desired;
    let Some(current) = current else {
        return match (observation.rejection, &desired.content) {
            _ if desired.scope == Scope::NotBegun => Verdict::Excluded,
            (Some(_), _) => Verdict::Rejected,
            (None, None) => Verdict::Excluded,
            (None, Some(_)) => Verdict::Write(change(desired, None, desired.standing, Outcome::Created)),
        };
    };
    if current.superseded_by.is_some() {
        // Deactivated for good in favour of another Okta id; should it come back to life, somebody has to look.
        return if desired.standing == Some(Reason::Deactivated) { Verdict::Excluded } else { Verdict::Superseded };
    }
    let listed = !observation.source.object_is_live();
    if listed && current.standing.is_some_and(Reason::is_gone) {
        return Verdict::ReadAgain;
    }
    if desired.source_updated < current.source_updated {
        return Verdict::Stale;
    }
    let verdict = compare(observation, current);
    let leaves = desired.scope == Scope::OutsideGroups && current.standing != Some(Reason::OutOfScope);
    let unordered = desired.source_updated == current.source_updated && now.since(desired.source_updated) < FRESH;
    match verdict {
        Verdict::Write(_) | Verdict::Deactivate(_) if listed && unordered => Verdict::ReadAgain,
        // A list of members that lacks somebody is no evidence that they left the group.
        Verdict::Write(_) | Verdict::Deactivate(_) if leaves && !observation.source.groups_are_live() => {
            Verdict::ReadAgain
        }
        verdict => verdict,
    }
}

/// The verdict on a record that is derived from others, such as a department. Nothing in Okta has its time: it is what
/// it was counted as until it is counted as something else.
pub fn reconcile_derived(mut desired: Desired, current: Option<&Current>, now: Time) -> Verdict {
    let observe =
        |desired: &Desired| reconcile(Observation { desired, rejection: None, source: Source::ReadById }, current, now);
    let counted = desired.source_updated;
    if let Some(current) = current {
        desired.source_updated = current.source_updated;
        if observe(&desired) == Verdict::Unchanged {
            return Verdict::Unchanged;
        }
        desired.source_updated = counted.max(current.source_updated);
    }
    observe(&desired)
}

fn compare(observation: Observation<'_>, current: &Current) -> Verdict {
    let desired = observation.desired;
    if observation.rejection.is_some() {
        // What cannot be mapped can still have left: a leaver is not kept for a missing attribute.
        return match (current.standing, desired.standing) {
            (None, Some(_)) => deactivation(desired, current),
            _ => Verdict::Rejected,
        };
    }
    let Some(content) = &desired.content else {
        let standing = desired.standing.or(Some(Reason::OutOfScope));
        // A record that stands so already keeps the newest time all the same: an older page may be on its way.
        let is_known = current.source_updated == desired.source_updated;
        return match current.standing {
            same if same == standing && is_known => Verdict::Excluded,
            None => Verdict::Deactivate(change(desired, Some(current), standing, Outcome::Deactivated)),
            Some(_) => Verdict::Write(change(desired, Some(current), standing, Outcome::Updated)),
        };
    };
    let same = current.standing == desired.standing
        && current.okta_status == desired.okta_status
        && current.source_updated == desired.source_updated
        && current.digest == content.digest()
        && current.claim == content.claim
        && current.rejoin == content.rejoin;
    match (same, current.standing, desired.standing) {
        (true, _, _) => Verdict::Unchanged,
        (false, None, Some(_)) => deactivation(desired, current),
        (false, Some(_), None) => {
            Verdict::Write(change(desired, Some(current), desired.standing, Outcome::Reactivated))
        }
        (false, _, _) => Verdict::Write(change(desired, Some(current), desired.standing, Outcome::Updated)),
    }
}

fn deactivation(desired: &Desired, current: &Current) -> Verdict {
    Verdict::Deactivate(change(desired, Some(current), desired.standing, Outcome::Deactivated))
}

fn change(desired: &Desired, current: Option<&Current>, standing: Option<Reason>, outcome: Outcome) -> Change {
    Change {
        id: desired.id.clone(),
        source_created: desired.source_created,
        expected: current.map(|current| current.revision),
        standing,
        observed: Some(Observed { okta_status: desired.okta_status.clone(), source_updated: desired.source_updated }),
        content: desired.content.clone(),
        held_claim: current.and_then(|current| current.claim.clone()),
        held_rejoin: current.and_then(|current| current.rejoin.clone()),
        predecessor: None,
        outcome,
    }
}

/// The verdict on a record whose object Okta answers with 404, for a reason that was confirmed.
pub fn absent(id: &str, source_created: Time, current: &Current, reason: Reason) -> Verdict {
    let change = |outcome| Change {
        id: id.to_owned(),
        source_created,
        expected: Some(current.revision),
        standing: Some(reason),
        observed: None,
        content: None,
        held_claim: current.claim.clone(),
        held_rejoin: current.rejoin.clone(),
        predecessor: None,
        outcome,
    };
    match current.standing {
        None => Verdict::Deactivate(change(Outcome::Deactivated)),
        Some(same) if same == reason => Verdict::Unchanged,
        Some(_) => Verdict::Write(change(Outcome::Updated)),
    }
}

/// The bucket of an object that needs no write, `nothing` unless this very run wrote the record before: a page that is
/// replayed after a crash counts what it did the first time.
pub fn outcome_of_nothing_to_write(nothing: Outcome, current: Option<&Current>, run: &str) -> Outcome {
    match current {
        Some(current) if current.last_write.run == run => current.last_write.outcome,
        _ => nothing,
    }
}

#[cfg(test)]
mod tests;
