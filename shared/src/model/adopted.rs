//! Adopted people: records that the directory had before Okta. Each waits under a made-up id, with the word `ADOPTED` for
//! its status, until a new Okta id with its identifier takes it over.

use sha2::{Digest, Sha256};

use super::{Change, Content, Observed, Outcome, Time};

/// What an adopted record has in place of Okta's status.
pub const ADOPTED: &str = "ADOPTED";
/// What its made-up id begins with; no id of Okta's has a hyphen.
const PREFIX: &str = "adopted-";

/// Whether an id is that of an adopted record, which Okta knows nothing of.
pub fn is_adopted(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// The change that adopts somebody; the same identifier gives the same record.
pub fn adoption(content: Content) -> Change {
    let known_as = content.claim.as_ref().map_or(content.identifier.as_str(), |claim| claim.as_str());
    let id: String = Sha256::digest(known_as).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    // Before everybody whom Okta can have created, and the same at every try.
    let source_created = Time::from_millis(0);
    Change {
        id: format!("{PREFIX}{id}"),
        source_created,
        expected: None,
        standing: None,
        observed: Some(Observed { okta_status: ADOPTED.to_owned(), source_updated: source_created }),
        content: Some(content),
        held_claim: None,
        held_rejoin: None,
        predecessor: None,
        outcome: Outcome::Created,
    }
}
