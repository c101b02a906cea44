//! Managers: looked for once more at the end, in passes over the records and without a call to Okta.
//!
//! A record's manager may have come after it, changed or gone. Whoever is found to show another manager than there is
//! now is written anew, like any other change.

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use serde_json::Value;

use super::{AtWork, Sheet};
use crate::directory::{Managed, Written};
use crate::handlers::interruption::Interruption;
use crate::line::Line;
use crate::managers::shown;
use crate::model::{Change, Claim, Content, MANAGER, Mapping, Outcome};
use crate::reconcile::hash;
use crate::sync::Landing;

/// How somebody may be known to those whose manager they are, the surest first.
#[derive(Hash)]
enum KnownBy<'a> {
    Id(&'a str),
    Identifier(&'a Claim),
    Rejoin(&'a Claim),
}

/// Managers by hashes of what they are known by; `None` where more than one person is. Its size follows the number of
/// managers, not of people.
type Managers = HashMap<u64, Option<(String, String)>>;

/// Makes every record of the mappings that resolve managers show the manager's record of now, where the run met anybody.
pub(crate) async fn resolve(job: &AtWork<impl Sheet>) -> Result<(), Interruption> {
    let line = &job.line;
    for (index, mapping) in line.connection.mappings_of_people().filter(|(_, mapping)| mapping.resolves_manager) {
        if !job.has_met_any(index) {
            continue;
        }
        let managers = managers(line, mapping, wanted(line, mapping).await?).await?;
        let mut unknown = 0_u64;
        let mut people = std::pin::pin!(line.directory.managed(&line.connection.name, &mapping.name));
        while let Some(person) = people.try_next().await? {
            let manager = person.manager.as_deref().map(|known_by| find(&managers, known_by));
            unknown += u64::from(manager == Some(Value::Null));
            let manager = manager.unwrap_or_default();
            if person.manager.is_some() {
                // An invocation that broke off may have written it and not told the feed.
                let key = (person.record.source_created, person.record.id.as_str());
                line.retell_if_untold(mapping, key, Some(&person.current)).await?;
            }
            if person.record.fields.get(MANAGER).is_some_and(|shown| *shown != manager) {
                job.in_time()?;
                show(job, (index, mapping), person, manager).await?;
            }
        }
        if unknown > 0 {
            let name = &mapping.name;
            line.warn(format!("{unknown} people of the mapping {name} have a manager of whom it has no record."));
        }
    }
    line.publish().await?;
    Ok(())
}

/// What managers are known by, as hashes of every way to be.
async fn wanted(line: &Line, mapping: &Mapping) -> Result<HashSet<u64>, Interruption> {
    let mut wanted = HashSet::new();
    let mut people = std::pin::pin!(line.directory.managed(&line.connection.name, &mapping.name));
    while let Some(person) = people.try_next().await? {
        if let Some(known_by) = &person.manager {
            wanted.extend(ways(known_by));
        }
    }
    Ok(wanted)
}

fn ways(known_by: &str) -> [u64; 3] {
    let claim = Claim::on(known_by);
    [hash(KnownBy::Id(known_by)), hash(KnownBy::Identifier(&claim)), hash(KnownBy::Rejoin(&claim))]
}

async fn managers(line: &Line, mapping: &Mapping, wanted: HashSet<u64>) -> Result<Managers, Interruption> {
    let mut managers = Managers::new();
    let mut people = std::pin::pin!(line.directory.managed(&line.connection.name, &mapping.name));
    while let Some(Managed { current, record, .. }) = people.try_next().await? {
        let by_id = Some(hash(KnownBy::Id(&record.id)));
        let by_identifier = current.claim.as_ref().map(|claim| hash(KnownBy::Identifier(claim)));
        let by_rejoin = current.rejoin.as_ref().map(|claim| hash(KnownBy::Rejoin(claim)));
        for way in [by_id, by_identifier, by_rejoin].into_iter().flatten().filter(|way| wanted.contains(way)) {
            let found = (record.id.clone(), record.identifier.clone());
            managers.entry(way).and_modify(|other| *other = None).or_insert(Some(found));
        }
    }
    Ok(managers)
}

/// The manager as the field shows them; null where nobody, or more than one, is known by this.
fn find(managers: &Managers, known_by: &str) -> Value {
    let found = ways(known_by).into_iter().find_map(|way| managers.get(&way));
    found.and_then(Option::as_ref).map(|(id, identifier)| shown(id, identifier)).unwrap_or_default()
}

async fn show(
    job: &AtWork<impl Sheet>,
    (index, mapping): (usize, &Mapping),
    person: Managed,
    manager: Value,
) -> Result<(), Interruption> {
    let Managed { current, record, manager: known_by } = person;
    let before = job.line.before(mapping, &record.id, Some(&current));
    let last = current.last_write.outcome;
    let mut fields = record.fields;
    fields.insert(MANAGER.to_owned(), manager);
    let content = Content {
        identifier: record.identifier,
        claim: current.claim.clone(),
        rejoin: current.rejoin.clone(),
        role: record.role,
        fields,
        manager: known_by,
    };
    let change = Change {
        id: record.id.clone(),
        source_created: record.source_created,
        expected: Some(current.revision),
        standing: current.standing,
        observed: None,
        content: Some(content),
        held_claim: current.claim,
        held_rejoin: current.rejoin,
        predecessor: None,
        // Whoever this run wrote stays in the bucket of that write.
        outcome: if current.last_write.run == job.line.lease.run() { last } else { Outcome::Updated },
    };
    let outcome = match job.line.write_or_reject(mapping, &change).await? {
        Some(Written::Done) if before != change.outcome && change.outcome == Outcome::Updated => Outcome::Updated,
        // Whoever wrote it meanwhile looked for the manager, too.
        Some(Written::Done | Written::Lost | Written::Claimed) => return Ok(()),
        None => Outcome::Unsynced,
    };
    let landing = Landing { mapping: index, id: change.id, outcome: Some(outcome), before };
    job.count_late(&landing);
    Ok(())
}
