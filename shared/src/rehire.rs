//! People who are hired again: whose record a new Okta id gets, where the mapping says what they are known by.
//!
//! Where it does not, the identifier tells, and a conflict over it brings it up: see [`crate::contest`].

use futures::TryStreamExt;

use crate::contest::gives_up;
use crate::directory::Directory;
use crate::error::Error;
use crate::line::Line;
use crate::model::{Change, Connection, Former, Mapping, Outcome, Predecessor, Reason, Rejection, RejectionReason};

/// Whom a new Okta id is known as.
pub(crate) enum Known {
    /// Nobody who was here before.
    Nobody,
    /// Somebody whose record it takes over: the change that does.
    Again(Box<Change>),
    /// The earlier account of somebody whose record is in use.
    Earlier(Former),
    /// More than one: which they are, nobody can tell.
    Ambiguous(Rejection),
}

impl Line {
    /// Looks for the record that a new Okta id should take over.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) async fn known_as(&self, mapping: &Mapping, change: &Change) -> Result<Known, Error> {
        known_as((&self.directory, &self.connection), mapping, change).await
    }
}

/// Looks for the record of a connection's mapping that a new Okta id should take over.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) async fn known_as(
    (directory, connection): (&Directory, &Connection),
    mapping: &Mapping,
    change: &Change,
) -> Result<Known, Error> {
    let rejoin = change.content.as_ref().and_then(|content| content.rejoin.as_ref());
    let Some(rejoin) = rejoin.filter(|_| change.expected.is_none()) else { return Ok(Known::Nobody) };
    let name = &connection.name;
    let (mut left, mut in_use) = (Vec::new(), Vec::new());
    let mut candidates = directory.rejoins(name, &mapping.name, rejoin);
    while let Some(candidate) = candidates.try_next().await? {
        let created = candidate.source_created;
        let whole = directory.whole(name, &mapping.name, created, &candidate.id).await?;
        match whole.filter(|_| candidate.id != change.id) {
            Some((current, former)) if gives_up(change, &current) => left.push(former),
            Some((current, former)) if current.standing.is_none() => in_use.push(former),
            _ => {}
        }
    }
    if change.standing == Some(Reason::Deactivated) && in_use.len() == 1 {
        return Ok(in_use.pop().map_or(Known::Nobody, Known::Earlier));
    }
    if left.len() > 1 {
        return Ok(Known::Ambiguous(ambiguous(change, left.iter().map(|former| former.id.as_str()))));
    }
    let Some(former) = left.pop() else { return Ok(Known::Nobody) };
    let outcome = if change.standing.is_none() { Outcome::Reactivated } else { Outcome::Updated };
    let predecessor = Some(Predecessor::TakenOver(former));
    Ok(Known::Again(Box::new(Change { predecessor, outcome, ..change.clone() })))
}

/// That several records could each be somebody's earlier one.
pub(crate) fn ambiguous<'a>(change: &Change, candidates: impl Iterator<Item = &'a str>) -> Rejection {
    let ids: Vec<&str> = candidates.collect();
    Rejection {
        reason: RejectionReason::AmbiguousMatch,
        message: format!("The records of {} could each be this person's earlier one.", ids.join(" and ")),
        identifier: change.content.as_ref().map(|content| content.identifier.clone()),
    }
}
