//! Offboarding: what people who have left still hold. Pure: it joins what the directory knows of people with what it knows
//! of devices and applications.

use std::collections::HashMap;

use serde::Serialize;

use super::device::Custody;
use super::{Reason, Record, Time};

/// Somebody who is inactive in Okta, as their record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// The Okta id.
    pub id: String,
    /// The record's identifier.
    pub identifier: String,
    /// Why they are inactive.
    pub reason: Reason,
    /// `lastUpdated` in Okta, as far as the directory saw it.
    pub source_updated: Time,
}

/// The people who are inactive in Okta, by each Okta id that they ever had.
#[derive(Debug, Default)]
pub struct Leavers {
    by_id: HashMap<String, Leaver>,
}

/// What ties somebody to what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// Okta links them to the device.
    Holds,
    /// They held the device last; nobody has got it since.
    HeldLast,
    /// The application is assigned to them.
    Assigned,
}

/// What kind of thing somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// A device.
    Device,
    /// An application.
    Application,
}

/// One thing that somebody who has left still holds: a row of the offboarding view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// The connection's name.
    pub connection: String,
    /// The person's Okta id.
    pub person: String,
    /// The identifier of the person's record.
    pub identifier: String,
    /// Why the person is inactive.
    pub reason: Reason,
    /// `lastUpdated` of the person in Okta.
    pub person_updated: Time,
    /// What kind of thing it is.
    pub thing: Thing,
    /// The thing's Okta id.
    pub id: String,
    /// What the thing is called, where its record says so.
    pub name: Option<String>,
    /// The thing's status in Okta, where there is a record of it.
    pub status: Option<String>,
    /// What ties them together.
    pub tie: Tie,
    /// Since when.
    pub since: Option<Time>,
    /// Until when at the latest, for who held a device last.
    pub until: Option<Time>,
}

impl Leavers {
    /// Adds the person of a record, if it says that Okta has them as left. Who is only out of a mapping's scope, or has not
    /// begun, has not left. The first record of somebody counts.
    pub fn add(&mut self, record: &Record) {
        let reason = match record.reason {
            Some(reason @ (Reason::Deleted | Reason::Missing | Reason::Deactivated | Reason::Suspended)) => reason,
            Some(Reason::Pending | Reason::OutOfScope) | None => return,
        };
        let leaver = Leaver {
            id: record.id.clone(),
            identifier: record.identifier.clone(),
            reason,
            source_updated: record.source_updated,
        };
        for id in std::iter::once(&record.id).chain(&record.previous_ids) {
            self.by_id.entry(id.clone()).or_insert_with(|| leaver.clone());
        }
    }

    /// Who of them has an Okta id.
    pub fn get(&self, id: &str) -> Option<&Leaver> {
        self.by_id.get(id)
    }

    /// Whether nobody has left.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// What those of them hold, or held last, who are tied to a device. Whoever gave it to somebody else holds it no more.
    pub fn holdings_of(&self, connection: &str, device: &str, custody: &Custody) -> Vec<Holding> {
        let holding = |(id, tie, since, until): (&str, Tie, Option<Time>, Option<Time>)| {
            let thing = (Thing::Device, device);
            Some(Holding { since, until, ..self.get(id)?.holding(connection, thing, tie) })
        };
        if custody.holders.is_empty() {
            let last = custody.last.iter();
            let last = last.map(|last| (&*last.holder.id, Tie::HeldLast, last.holder.since, Some(last.until)));
            return last.filter_map(holding).collect();
        }
        let holders = custody.holders.iter().map(|holder| (&*holder.id, Tie::Holds, holder.since, None));
        holders.filter_map(holding).collect()
    }
}

impl Leaver {
    /// A row of theirs, without dates.
    pub fn holding(&self, connection: &str, (thing, id): (Thing, &str), tie: Tie) -> Holding {
        Holding {
            connection: connection.to_owned(),
            person: self.id.clone(),
            identifier: self.identifier.clone(),
            reason: self.reason,
            person_updated: self.source_updated,
            thing,
            id: id.to_owned(),
            name: None,
            status: None,
            tie,
            since: None,
            until: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str, reason: Option<&str>, previous: &[&str]) -> Record {
        serde_json::from_value(json!({
            "connection": "acme", "mapping": "staff", "kind": "record", "id": id, "identifier": format!("{id}@acme.example"),
            "state": if reason.is_some() { "inactive" } else { "active" }, "reason": reason, "role": null, "fields": {},
            "okta_status": "X", "source_updated": "2026-11-20T10:00:00.000Z", "first_synced": "2026-11-20T10:05:00.000Z",
            "last_changed": "2026-11-20T10:05:00.000Z", "source_created": "2026-11-20T10:00:00.000Z",
            "previous_ids": previous, "revision": 3
        }))
        .unwrap()
    }

    fn custody(holders: &[&str], last: Option<&str>) -> Custody {
        let holder = |id: &&str| json!({ "id": id, "login": null, "email": null, "name": null, "since": null });
        let last = last.map(|id| {
            let mut last = holder(&id);
            last["until"] = json!("2026-11-20T10:00:00.000Z");
            last
        });
        let holders: Vec<_> = holders.iter().map(holder).collect();
        serde_json::from_value(json!({ "holders": holders, "last": last })).unwrap()
    }

    fn ties(leavers: &Leavers, custody: &Custody) -> Vec<(String, Tie)> {
        let holdings = leavers.holdings_of("acme", "guo1", custody);
        holdings.into_iter().map(|holding| (holding.person, holding.tie)).collect()
    }

    #[test]
    fn whoever_has_left_and_holds_a_device_is_shown() {
        let mut leavers = Leavers::default();
        leavers.add(&record("00u1", Some("deactivated"), &["00u0"]));
        leavers.add(&record("00u2", None, &[]));
        leavers.add(&record("00u3", Some("out_of_scope"), &[]));
        leavers.add(&record("00u4", Some("suspended"), &[]));
        let one = |id: &str, tie| vec![(id.to_owned(), tie)];
        assert_eq!(ties(&leavers, &custody(&["00u1", "00u2", "00u3"], None)), one("00u1", Tie::Holds));
        assert_eq!(ties(&leavers, &custody(&["00u0"], None)), one("00u1", Tie::Holds), "under an earlier id");
        assert_eq!(ties(&leavers, &custody(&[], Some("00u4"))), one("00u4", Tie::HeldLast));
        assert_eq!(ties(&leavers, &custody(&["00u2"], Some("00u4"))), [], "somebody else has it by now");
        assert_eq!(ties(&leavers, &custody(&[], None)), []);
    }
}
