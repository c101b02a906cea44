//! The line without its last stages: what [`crate::line::Line::page`] would do with a page, with nothing written.
//!
//! It decodes, filters, maps and diffs with the very functions of the line, so that it cannot say anything else. What the
//! line learns only by writing, that an identifier is taken, is worked out in advance as far as records and the listed
//! people tell. Whom that concerns is told at the end of the list.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::contest::duplicate;
use crate::directory::{Compared, Directory};
use crate::error::Error;
use crate::groups::Groups;
use crate::model::{
    Change, Changed, Claim, Connection, Decoded, Kind, MANAGER, Mapping, Memberships, Outcome, Predecessor, Reason,
    Rejection, Rule, Sighting, Time, changed, id_of, is_adopted,
};
use crate::reconcile::{Contender, Rivalry, Rivals, Source, Verdict};
use crate::rehire::{Known, known_as};
use crate::sync::{judge, superseded};

/// What would become of one object under one mapping.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Previewed {
    /// The mapping's name.
    pub mapping: String,
    /// The Okta id.
    pub id: String,
    /// The identifier, as far as it could be computed.
    pub identifier: Option<String>,
    /// What would become of it.
    pub outcome: Outcome,
    /// The word for why the record would be inactive, or why the object would not sync.
    pub reason: Option<String>,
    /// The reason in a sentence, where there is more to say than the word.
    pub message: Option<String>,
    /// The filter's key that leaves the person out, if one does.
    pub rule: Option<Rule>,
    /// What would change in the record that is there.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, crate::model::FromTo>))]
    pub changed: Changed,
    /// What would be written.
    #[serde(skip)]
    pub change: Option<Change>,
}

/// A preview of one mapping.
pub struct Forecast<'a> {
    /// The directory.
    pub directory: &'a Directory,
    /// The connection.
    pub connection: &'a Connection,
    /// The mapping.
    pub mapping: &'a Mapping,
    /// The mapped groups, with their members.
    pub groups: &'a Groups,
    /// Whether the connection has no records yet, so that there are none to read.
    pub is_new: bool,
    /// Who was listed so far.
    pub rivals: Rivals,
    /// Those whose identifier somebody else has, or was listed with before.
    pub contested: Vec<Contested>,
}

/// Somebody whose identifier another record has, or would have.
#[derive(Debug)]
pub struct Contested {
    previewed: Previewed,
    claim: Claim,
    contender: Contender,
    holder: Option<Contender>,
}

impl Forecast<'_> {
    /// What would become of a page's people; the contested ones come with [`Forecast::end`]. `now` is Okta's clock.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn page(&mut self, decoded: &[Decoded], now: Time) -> Result<Vec<Previewed>, Error> {
        let memberships = |object| self.groups.memberships(self.groups.roster().groups(id_of(object)));
        let memberships: Vec<Memberships> = decoded.iter().map(memberships).collect();
        let people = decoded.iter().zip(&memberships);
        let sightings: Vec<Sighting> =
            people.clone().map(|(object, memberships)| Sighting::of(self.mapping, object, memberships)).collect();
        let keys: Vec<_> = sightings.iter().filter_map(Sighting::key).collect();
        let (connection, mapping) = (&self.connection.name, &self.mapping.name);
        let known = match self.is_new {
            true => HashMap::new(),
            false => self.directory.compared(connection, mapping, &keys).await?,
        };
        let mut previewed = Vec::with_capacity(sightings.len());
        for (person, sighting) in people.zip(&sightings) {
            self.list(sighting);
            let known = known.get(&sighting.id);
            let verdict = judge(sighting, known.map(|known| &known.current), Source::ReadById, now);
            let foreseen = foresee(self.mapping, sighting, verdict, known).with_rule(self.mapping, person);
            previewed.push(self.rehire(foreseen).await?);
        }
        self.set_aside(previewed).await
    }

    /// What would become of the contested ones, once everybody was listed.
    pub fn end(self) -> Vec<Previewed> {
        let Forecast { rivals, contested, .. } = self;
        contested.into_iter().map(|contested| contested.end(&rivals)).collect()
    }

    fn list(&mut self, sighting: &Sighting) {
        let Some(desired) = &sighting.desired else { return };
        if let Some(claim) = desired.content.as_ref().and_then(|content| content.claim.as_ref()) {
            self.rivals.list(&sighting.id, claim, desired.standing);
        }
    }

    /// With the record that a new id takes over, where the mapping says what people are known by.
    async fn rehire(&self, previewed: Previewed) -> Result<Previewed, Error> {
        let Some(change) = previewed.change.as_ref().filter(|_| !self.is_new) else { return Ok(previewed) };
        Ok(match known_as((self.directory, self.connection), self.mapping, change).await? {
            Known::Nobody => previewed,
            Known::Again(change) => {
                let other = change.predecessor.as_ref().map_or("", Predecessor::id);
                let message = Some(taken_over(other));
                Previewed { outcome: change.outcome, message, change: Some(*change), ..previewed }
            }
            Known::Earlier(later) => previewed.earlier_self(&later.id),
            Known::Ambiguous(rejection) => previewed.unsynced(rejection),
        })
    }

    /// Keeps those back who are not the only ones to want their identifier.
    async fn set_aside(&mut self, previewed: Vec<Previewed>) -> Result<Vec<Previewed>, Error> {
        let claims: Vec<Claim> = previewed.iter().filter_map(|it| wanted(it).cloned()).collect();
        // In a new connection too: people whom the directory knew before Okta may hold some.
        let holders = match claims.is_empty() {
            true => HashMap::new(),
            false => self.holders(&claims).await?,
        };
        let mut settled = Vec::with_capacity(previewed.len());
        for previewed in previewed {
            let Some((claim, change)) = wanted(&previewed).cloned().zip(previewed.change.as_ref()) else {
                settled.push(previewed);
                continue;
            };
            // Where the mapping says what people are known by, the identifier does not tell who is hired again.
            let is_new = change.expected.is_none() && self.mapping.rejoin.is_none();
            let predecessor = change.predecessor.as_ref().map(Predecessor::id);
            let contender = Contender { id: change.id.clone(), standing: change.standing, is_new };
            let holder = holders
                .get(&claim)
                .filter(|holder| holder.id != contender.id && Some(&*holder.id) != predecessor)
                .cloned();
            let is_first = self.rivals.take(&claim, &contender);
            if holder.is_none() && is_first {
                settled.push(previewed);
            } else {
                self.contested.push(Contested { previewed, claim, contender, holder });
            }
        }
        Ok(settled)
    }

    /// Whose records have these claims.
    async fn holders(&self, claims: &[Claim]) -> Result<HashMap<Claim, Contender>, Error> {
        let (connection, mapping) = (&self.connection.name, &self.mapping.name);
        let holders = self.directory.holders(connection, mapping, claims).await?;
        let keys: Vec<_> = holders.values().map(|holder| (holder.source_created, holder.id.clone())).collect();
        let records = self.directory.current(connection, mapping, &keys).await?;
        let contenders = holders.into_iter().filter_map(|(claim, holder)| {
            // One that somebody forgot is in nobody's way.
            let record = records.get(&holder.id).filter(|record| record.claim.as_ref() == Some(&claim))?;
            Some((claim, Contender { id: holder.id, standing: record.standing, is_new: false }))
        });
        Ok(contenders.collect())
    }
}

impl Contested {
    fn end(self, rivals: &Rivals) -> Previewed {
        let Contested { previewed, claim, contender, holder } = self;
        match rivals.judge(&claim, &contender, holder.as_ref()) {
            Rivalry::Free => previewed,
            Rivalry::TakesOver(other) => {
                let outcome = match (is_adopted(&other), contender.standing) {
                    (false, None) => Outcome::Reactivated,
                    (true, Some(_)) => Outcome::Deactivated,
                    (true, None) | (false, Some(_)) => Outcome::Updated,
                };
                let change = previewed.change.map(|change| Change { outcome, ..change });
                Previewed { outcome, message: Some(taken_over(&other)), change, ..previewed }
            }
            Rivalry::EarlierSelf(other) => previewed.earlier_self(&other),
            Rivalry::Taken(other) => {
                let rejection = duplicate(&other, previewed.identifier.clone());
                previewed.unsynced(rejection)
            }
        }
    }
}

impl Previewed {
    fn of(mapping: &Mapping, sighting: &Sighting, outcome: Outcome) -> Previewed {
        Previewed {
            mapping: mapping.name.clone(),
            id: sighting.id.clone(),
            identifier: sighting.identifier().map(str::to_owned),
            outcome,
            reason: None,
            message: None,
            rule: None,
            changed: Changed::new(),
            change: None,
        }
    }

    fn unsynced(self, rejection: Rejection) -> Previewed {
        let reason = match serde_json::to_value(rejection.reason) {
            Ok(Value::String(word)) => Some(word),
            _ => None,
        };
        let outcome = Outcome::Unsynced;
        Previewed { outcome, reason, message: Some(rejection.message), change: None, ..self }
    }

    fn earlier_self(self, later: &str) -> Previewed {
        let message = Some(format!("An earlier account of the person whose record is that of {later}."));
        Previewed { outcome: Outcome::Excluded, message, reason: None, change: None, ..self }
    }

    /// With the rule that leaves the person out, if they are, or would be.
    fn with_rule(self, mapping: &Mapping, (object, memberships): (&Decoded, &Memberships)) -> Previewed {
        let is_out = self.outcome == Outcome::Excluded || self.reason.as_deref() == Some(Reason::OutOfScope.word());
        let rule = object.as_ref().ok().and_then(|user| mapping.leaves_out(user, memberships));
        let rule = rule.filter(|_| is_out);
        let begins_active = self.outcome == Outcome::Excluded && rule.is_none() && mapping.kind() == Kind::LoginUser;
        let message = begins_active.then(|| "A login user's record is first created when active.".to_owned());
        Previewed { rule, message: self.message.or(message), ..self }
    }
}

fn taken_over(other: &str) -> String {
    match is_adopted(other) {
        true => "The record that the directory knew before Okta is taken over.".to_owned(),
        false => format!("The record of {other} is taken over: the same person, hired again."),
    }
}

/// The identifier that would have to be claimed. Whoever leaves, leaves without.
fn wanted(previewed: &Previewed) -> Option<&Claim> {
    let change = previewed.change.as_ref().filter(|change| change.outcome != Outcome::Deactivated)?;
    let claim = change.content.as_ref()?.claim.as_ref()?;
    (change.held_claim.as_ref() != Some(claim)).then_some(claim)
}

fn foresee(mapping: &Mapping, sighting: &Sighting, verdict: Verdict, known: Option<&Compared>) -> Previewed {
    let plain = |outcome| Previewed::of(mapping, sighting, outcome);
    match verdict {
        Verdict::Unchanged => plain(Outcome::Unchanged),
        Verdict::Excluded => plain(Outcome::Excluded),
        Verdict::Stale | Verdict::ReadAgain => plain(Outcome::Stale),
        Verdict::Superseded => {
            let rejection = superseded(sighting, known.map(|known| &known.current));
            plain(Outcome::Unsynced).unsynced(rejection)
        }
        Verdict::Rejected => match sighting.rejection.clone() {
            Some(rejection) => plain(Outcome::Unsynced).unsynced(rejection),
            None => plain(Outcome::Unsynced),
        },
        Verdict::Write(change) | Verdict::Deactivate(change) => {
            let record = known.and_then(|known| known.record.as_ref());
            let mut changed = record.map(|record| changed(record, &change)).unwrap_or_default();
            if mapping.resolves_manager {
                // Whose record that is turns out when it is written.
                changed.remove(&format!("fields.{MANAGER}"));
            }
            Previewed {
                reason: change.standing.map(|reason| reason.word().to_owned()),
                changed,
                change: Some(change.clone()),
                ..plain(change.outcome)
            }
        }
    }
}
