//! Who looks on: after every write, whether anybody is inactive for a reason that Okta never gave, whether a record lost a
//! write or went back in time, and whether two records have one identifier.

use std::collections::BTreeMap;
use std::time::Duration;

use dynoxide::Database;
use okta_sim::Sim;
use rollcall::stack;
use rollcall_shared::model::{Connection, Reason};
use serde_json::{Value, json};
use test_support::devices::{self, DEVICES};
use test_support::truth;
use tokio::time::Instant;

use crate::deployment::CONNECTION;

/// What is true of somebody under a mapping, from a moment on.
type Truths = Vec<(Moment, Option<Reason>)>;

/// A step, and when it was.
#[derive(Debug, Clone, Copy)]
struct Moment {
    step: u64,
    at: Instant,
}

impl Moment {
    fn of(step: u64) -> Moment {
        Moment { step, at: Instant::now() }
    }

    /// Whether what was true as of then shows in every list of a run that began at another moment.
    fn shows_at(self, began: Moment, index_lag: Duration) -> bool {
        self.step <= began.step && self.at + index_lag <= began.at
    }
}

/// What was seen of Okta and of the directory.
pub(crate) struct Observer {
    connection: Connection,
    /// By mapping and id.
    truths: BTreeMap<(String, String), Truths>,
    /// How far Okta's search runs behind at most.
    index_lag: Duration,
    /// The first step of each run.
    began: BTreeMap<String, Moment>,
    /// Who has which identifier, by the keys of the records.
    claims: BTreeMap<(String, String), String>,
    /// Each record as it was seen last.
    seen: BTreeMap<(String, String), Value>,
    pub(crate) findings: Vec<String>,
}

impl Observer {
    pub(crate) fn of(connection: Connection, index_lag: Duration) -> Observer {
        Observer {
            connection,
            index_lag,
            truths: BTreeMap::new(),
            began: BTreeMap::new(),
            claims: BTreeMap::new(),
            seen: BTreeMap::new(),
            findings: Vec::new(),
        }
    }

    /// Notes what is true in Okta as of this step.
    pub(crate) fn look_at_okta(&mut self, sim: &Sim, step: u64) {
        let now: BTreeMap<(String, String), Option<Reason>> = sim.with(|org| {
            let mappings = self.connection.mappings_of_people();
            let people = mappings.flat_map(|(_, mapping)| org.users().map(move |user| (mapping, user)));
            let people = people
                .map(|(mapping, user)| ((mapping.name.clone(), user.id.clone()), truth::reason(org, mapping, user)));
            let devices =
                org.devices().map(|device| ((DEVICES.to_owned(), device.id.clone()), devices::reason(device)));
            people.chain(devices).collect()
        });
        for (key, truths) in &mut self.truths {
            if !now.contains_key(key) && truths.last().is_none_or(|(_, last)| *last != Some(Reason::Deleted)) {
                truths.push((Moment::of(step), Some(Reason::Deleted)));
            }
        }
        for (key, reason) in now {
            let truths = self.truths.entry(key).or_default();
            if truths.last().is_none_or(|(_, last)| *last != reason) {
                truths.push((Moment::of(step), reason));
            }
        }
    }

    /// Looks at what was written.
    pub(crate) fn look_at_writes(&mut self, database: &Database, written: &[(String, String)], step: u64) {
        for (pk, sk) in written {
            if let Some(run) = pk.strip_prefix("run#").filter(|_| sk == "report") {
                self.began.entry(run.to_owned()).or_insert_with(|| Moment::of(step));
            }
            if pk.starts_with(&format!("{CONNECTION}#")) {
                let item = record(database, pk, sk);
                self.look_at_record((pk, sk), &item, step);
                self.compare_with_before((pk, sk), item, step);
            }
        }
        self.look_for_twins();
    }

    fn look_at_record(&mut self, (pk, sk): (&str, &str), item: &Value, step: u64) {
        let text = |name: &str| item[name]["S"].as_str().map(str::to_owned);
        match text("claim") {
            Some(claim) => self.claims.insert((pk.to_owned(), sk.to_owned()), claim),
            None => self.claims.remove(&(pk.to_owned(), sk.to_owned())),
        };
        // What another id took over is no record any more.
        let (Some(mapping), Some(id), None) = (text("mapping"), text("id"), text("superseded_by")) else { return };
        let Some(reason) = text("reason") else { return };
        let key = (mapping, id);
        let run = text("written_by").unwrap_or_default();
        let truths = self.truths.get(&key).map(Vec::as_slice).unwrap_or_default();
        // Whatever was true before, and shows in no list of the run any more, it cannot have seen.
        let shows =
            |(since, _): &(Moment, _)| self.began.get(&run).is_some_and(|began| since.shows_at(*began, self.index_lag));
        let first = truths.iter().rposition(shows).unwrap_or(0);
        let was_true = truths[first..].iter().filter_map(|(_, reason)| *reason).any(|it| says(it, &reason));
        if !was_true {
            let (mapping, id) = &key;
            self.findings.push(format!(
                "step {step}: {mapping} {id} is inactive for the reason {reason}, which was not so at any time that the run \
                 {run} which wrote it could see: {truths:?}"
            ));
        }
    }

    /// Every write moves a record's revision on, and none brings back what Okta said earlier.
    fn compare_with_before(&mut self, (pk, sk): (&str, &str), item: Value, step: u64) {
        let Some(before) = self.seen.insert((pk.to_owned(), sk.to_owned()), item.clone()) else { return };
        let number = |item: &Value| item["revision"]["N"].as_str().and_then(|text| text.parse::<u64>().ok());
        let updated = |item: &Value| item["source_updated"]["S"].as_str().map(str::to_owned);
        if number(&item) < number(&before) || number(&item) == number(&before) && item != before {
            let found = format!("step {step}: a write of {pk} {sk} was lost: {before} became {item}");
            self.findings.push(found);
        }
        if updated(&item) < updated(&before) {
            let (now, before) = (updated(&item).unwrap_or_default(), updated(&before).unwrap_or_default());
            self.findings.push(format!("step {step}: {pk} {sk} went back from {before} to {now}"));
        }
    }

    fn look_for_twins(&mut self) {
        let mut holders: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for ((pk, sk), claim) in &self.claims {
            let mapping = pk.split('#').nth(1).unwrap_or_default();
            if let Some(other) = holders.insert((mapping, claim), sk) {
                self.findings.push(format!("{mapping}: {other} and {sk} both have the identifier {claim}"));
            }
        }
    }
}

/// Whether a record's reason says what is true; somebody who is gone may be missing for want of an event.
fn says(truth: Reason, reason: &str) -> bool {
    let word = serde_json::to_value(truth).unwrap_or_default();
    word.as_str() == Some(reason) || truth == Reason::Deleted && reason == "missing"
}

/// A record's item; null where there is none.
fn record(database: &Database, pk: &str, sk: &str) -> Value {
    let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let request = json!({ "TableName": stack::tables().directory, "Key": key, "ConsistentRead": true });
    let answer = database.get_item(serde_json::from_value(request).expect("a request")).expect("an answer");
    serde_json::to_value(answer).expect("an item")["Item"].take()
}
