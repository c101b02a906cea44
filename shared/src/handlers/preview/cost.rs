//! What a full import would cost, before it runs. Pure: pages, people and foreseen changes in, numbers out.
//!
//! The estimate is of the import alone: it leaves out what repeats, throttles and other jobs at the same time would add.

use serde::{Deserialize, Serialize};

use crate::handlers::full_import::PAGES_A_SPLIT;
use crate::model::{Change, Outcome};
use crate::okta::PageRequest;
use crate::preview::Previewed;

/// Calls that every import makes: who the org is, the group Everyone twice, the deletions; and who changed meanwhile, which
/// where nobody did takes two more to be believed.
const CALLS_OF_A_RUN: u64 = 7;
/// Known people that a sweep asks for in one call.
const SUSPECTS_A_CALL: u64 = PageRequest::MOST_IDS as u64;
/// An import that is read to its end in so few pages is not split.
const PAGES_BEFORE_SPLIT: u64 = 2;

/// Units of a run's own notes: its report, checkpoint, lease and state.
const UNITS_OF_A_RUN: f64 = 16.0;
/// Ids of people that fit into a unit of the notes on who was seen.
const SEEN_A_UNIT: f64 = 50.0;
/// DynamoDB counts writes in units of so many bytes.
const UNIT_BYTES: u64 = 1_024;
/// What a record takes beside connection, mapping, identifier and fields: its attributes' names, times, ids and digest.
const RECORD_BYTES: u64 = 500;
/// An item of a claim, a history entry, a wake or an index fits into one unit.
const SMALL_ITEM: u64 = 1;
/// A change's part of the feed, whose entries share items.
const UNITS_IN_THE_FEED: f64 = 0.7;
/// A transaction costs twice what its writes cost alone.
const TRANSACTION: u64 = 2;

/// What a full import would cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cost {
    /// People that the preview read.
    pub people_read: u64,
    /// People that the import would read; the rest of the cost is for so many. Where a preview ends at a limit, what it
    /// has not read is taken to be like what it has.
    pub people_expected: u64,
    /// Calls to Okta.
    pub okta_calls: u64,
    /// Calls a minute that the connection's budget allows, where an answer of Okta's told its ceiling.
    pub calls_a_minute: Option<f64>,
    /// Minutes that the calls take at least, at that budget.
    pub minutes: Option<f64>,
    /// Write units of DynamoDB, under the mappings that were previewed.
    pub write_units: f64,
}

/// What a preview met, added up.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// People read.
    pub(super) people: u64,
    /// The people of the largest page.
    pub(super) page: u64,
    /// Calls that looked for the mapped groups and listed their members.
    pub(super) calls_for_groups: u64,
    /// Whether an import reads nobody but those members.
    pub(super) reads_members_only: bool,
    /// Known people whom the list did not show.
    pub(super) absent: u64,
    /// How many people there are, where something told; else those read are all.
    pub(super) expected: Option<u64>,
    /// Calls a minute that the budget allows.
    pub(super) calls_a_minute: Option<f64>,
    units: f64,
}

impl Met {
    /// Adds what one object's outcome would cost to write.
    pub(super) fn add(&mut self, previewed: &Previewed) {
        self.units += match (&previewed.change, previewed.outcome) {
            (Some(change), _) => units(change) as f64 + UNITS_IN_THE_FEED,
            // The unsynced row.
            (None, Outcome::Unsynced) => SMALL_ITEM as f64,
            (None, _) => 0.0,
        };
    }

    /// What the import would cost.
    pub(super) fn cost(&self) -> Cost {
        let expected = self.expected.unwrap_or(self.people).max(self.people);
        let pages = expected.div_ceil(self.page.max(1)).max(1);
        let pages = if self.reads_members_only { 0 } else { pages };
        let splits = if pages > PAGES_BEFORE_SPLIT { 1 + pages / PAGES_A_SPLIT } else { 0 };
        let suspects = self.absent + self.absent.div_ceil(SUSPECTS_A_CALL);
        let okta_calls = CALLS_OF_A_RUN + self.calls_for_groups + pages + splits + suspects;
        let share = expected as f64 / self.people.max(1) as f64;
        let write_units = UNITS_OF_A_RUN + expected as f64 / SEEN_A_UNIT + self.units * share;
        Cost {
            people_read: self.people,
            people_expected: expected,
            okta_calls,
            calls_a_minute: self.calls_a_minute.map(tenths),
            minutes: self.calls_a_minute.filter(|calls| *calls > 0.0).map(|calls| tenths(okta_calls as f64 / calls)),
            write_units: write_units.round(),
        }
    }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Write units of one change. An identifier that is claimed or let go of makes a creation a transaction; a change of a
/// record that is there is one in any case, with its entry in the history.
fn units(change: &Change) -> u64 {
    let record = record_bytes(change).div_ceil(UNIT_BYTES);
    let wanted = change.content.as_ref().and_then(|content| content.claim.as_ref());
    let rejoin = change.content.as_ref().and_then(|content| content.rejoin.as_ref());
    if change.expected.is_none() {
        let claims = [wanted, rejoin].into_iter().flatten().count() as u64 * SMALL_ITEM;
        let written = record + SMALL_ITEM;
        return if claims > 0 { TRANSACTION * (written + claims) } else { written };
    }
    let moves = change.content.is_some() && wanted != change.held_claim.as_ref();
    let claims = match (&change.held_claim, change.outcome) {
        // One claim is let go of, another taken, and whoever waits for the first is to be woken.
        (Some(_), _) if moves => 3 * SMALL_ITEM,
        (None, _) if moves => SMALL_ITEM,
        // What a leaver holds may be had by whoever waits for it.
        (Some(_), Outcome::Deactivated) => SMALL_ITEM,
        _ => 0,
    };
    // A deactivation is collected first, for the guard to decide on.
    let collected = if change.outcome == Outcome::Deactivated { SMALL_ITEM } else { 0 };
    collected + TRANSACTION * (record + SMALL_ITEM + claims)
}

/// About how many bytes a record would have.
fn record_bytes(change: &Change) -> u64 {
    let Some(content) = &change.content else { return RECORD_BYTES };
    let fields = serde_json::to_string(&content.fields).map_or(0, |text| text.len());
    let claim = content.claim.as_ref().map_or(0, |claim| claim.as_str().len());
    RECORD_BYTES + (fields + claim + content.identifier.len()) as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Met, units};
    use crate::model::{Change, Claim, Content, Outcome, Time};

    fn change(expected: Option<u64>, claim: Option<&str>, bytes: usize) -> Change {
        let fields = Map::from_iter([("text".to_owned(), json!("x".repeat(bytes)))]);
        Change {
            id: "00u1".to_owned(),
            source_created: Time::from_millis(1),
            expected,
            standing: None,
            observed: None,
            content: Some(Content {
                identifier: "ada".to_owned(),
                claim: claim.map(Claim::on),
                rejoin: None,
                role: None,
                fields,
                manager: None,
            }),
            held_claim: None,
            held_rejoin: None,
            predecessor: None,
            outcome: if expected.is_none() { Outcome::Created } else { Outcome::Updated },
        }
    }

    #[test]
    fn a_change_costs_what_it_writes() {
        assert_eq!(units(&change(None, Some("ada"), 10)), 6);
        assert_eq!(units(&change(None, None, 10)), 2);
        assert_eq!(units(&change(None, None, 2_000)), 4);
        assert_eq!(units(&change(None, Some("ada"), 2_000)), 10);
        assert_eq!(units(&change(Some(1), None, 10)), 4);
        let held = Change { held_claim: Some(Claim::on("ada")), ..change(Some(1), Some("ada"), 10) };
        assert_eq!(units(&held), 4);
        assert_eq!(units(&Change { held_claim: Some(Claim::on("ida")), ..held }), 10);
    }

    #[test]
    fn a_limit_is_made_up_for() {
        let met = Met { people: 500, page: 200, expected: Some(10_000), calls_a_minute: Some(100.0), ..Met::default() };
        let cost = Met { units: 1_000.0, ..met }.cost();
        assert_eq!((cost.okta_calls, cost.minutes), (58, Some(0.6)));
        assert_eq!(cost.write_units, 16.0 + 200.0 + 20_000.0);
    }
}
