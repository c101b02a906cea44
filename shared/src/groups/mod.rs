//! The mapped groups of a connection at work: which they are in Okta, and who is in them.
//!
//! A listing says who is in a group; that somebody is not, only a read of that person's groups says, and only for groups
//! that answer by their ids. It never decides what a record should be, and never writes.

mod list;
mod recall;
mod resolve;

pub use resolve::Resolved;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Fate};
use crate::model::{Connection, Mapping, Memberships, Roster, Time};
use crate::okta::{Okta, OktaError};
use crate::reconcile::{GroupOrder, Pass, passes};
use crate::report::Problem;

/// How long it is believed that a group is in sight which answered by its id.
const IN_SIGHT: Duration = Duration::from_secs(60);
/// Whoever was created so shortly before the run may have joined a group after it was listed.
const JUST_BEFORE: Duration = Duration::from_secs(60);

/// A group that mappings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedGroup {
    /// As the mappings have it: its name or its id.
    pub configured: String,
    /// Its id.
    pub id: String,
    /// Whether it is everybody, and so never listed.
    pub is_everyone: bool,
}

/// The mapped groups of a connection.
pub struct Groups {
    groups: Vec<MappedGroup>,
    /// Mappings with a group that is missing or ambiguous, and what is wrong.
    broken: BTreeMap<String, Problem>,
    roster: Mutex<Roster>,
    /// When each group last answered by its id.
    answered: Mutex<HashMap<String, Instant>>,
    /// People whose groups Okta keeps from the credential.
    withheld: Mutex<HashSet<String>>,
    /// Held while one of them is asked for.
    asking: tokio::sync::Mutex<()>,
    /// Okta's clock before the groups were listed.
    begun: Time,
}

impl Groups {
    /// The mappings that cannot be worked on, by name, and why.
    pub fn broken(&self) -> &BTreeMap<String, Problem> {
        &self.broken
    }

    /// The connection without the mappings that cannot be worked on.
    pub fn usable(&self, connection: &Connection) -> Connection {
        let mut usable = connection.clone();
        usable.mappings.retain(|mapping| !self.broken.contains_key(&mapping.name));
        usable
    }

    /// A group by its place.
    pub fn group(&self, place: u16) -> Option<&MappedGroup> {
        self.groups.get(usize::from(place))
    }

    /// The groups that have members to list.
    pub fn listed(&self) -> impl Iterator<Item = (u16, &MappedGroup)> {
        (0..).zip(&self.groups).filter(|(_, group)| !group.is_everyone)
    }

    /// Whether the members of the groups are everybody whom the mappings admit.
    pub fn admit_all_that_matter(&self, mappings: &[Mapping]) -> bool {
        let is_everyone = |name: &str| self.groups.iter().any(|group| group.is_everyone && group.configured == name);
        mappings.iter().all(|mapping| mapping.uses_groups() && !mapping.groups().into_iter().any(is_everyone))
    }

    /// The listings that serve these mappings.
    pub fn passes(&self, mappings: &[Mapping]) -> Vec<Pass> {
        let places = |names: Vec<&str>| names.into_iter().filter_map(|name| self.place(name)).collect();
        let order = |mapping: &Mapping| GroupOrder {
            roles: places(mapping.role_groups()),
            others: places(mapping.other_groups()),
        };
        passes(&mappings.iter().map(order).collect::<Vec<_>>())
    }

    /// The place of a group that has members to list.
    fn place(&self, configured: &str) -> Option<u16> {
        self.listed().find(|(_, group)| group.configured == configured).map(|(place, _)| place)
    }

    /// Who was listed in which group; never held over an `await`.
    pub fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Memberships in the groups at these places, and in Everyone.
    pub fn memberships(&self, places: &[u16]) -> Memberships {
        let groups = (0..).zip(&self.groups);
        let joined = groups.filter(|(place, group)| group.is_everyone || places.contains(place));
        joined.map(|(_, group)| group.configured.as_str()).collect()
    }

    /// What the listings say of somebody created at a time; `None` when they were listed too early to say it.
    pub fn as_listed(&self, user: &str, created: Time) -> Option<Memberships> {
        let roster = self.roster();
        let places = roster.groups(user);
        let is_new = places.is_empty() && !self.groups.is_empty() && created >= self.begun.before(JUST_BEFORE);
        (!is_new).then(|| self.memberships(places))
    }

    /// The mapped groups that somebody is in now. `None` when nobody can tell, because a group that they are not in
    /// does not answer by its id.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta.
    pub async fn now(&self, okta: &Okta, user: &str) -> Result<Option<Memberships>, Error> {
        Ok(self.places_now(okta, user, |_, _| true).await?.map(|places| self.memberships(&places)))
    }

    /// The same as the groups' places; Everyone is not among them. That they are not in one of the groups in doubt has to be
    /// proved.
    pub(crate) async fn places_now(
        &self,
        okta: &Okta,
        user: &str,
        in_doubt: impl Fn(u16, &MappedGroup) -> bool,
    ) -> Result<Option<Vec<u16>>, Error> {
        let Some(ids) = self.ids_of(okta, user).await? else { return Ok(None) };
        let mut places = Vec::new();
        for (place, group) in self.listed() {
            if ids.contains(&group.id) {
                places.push(place);
            } else if in_doubt(place, group) && !self.is_in_sight(okta, &group.id).await? {
                return Ok(None);
            }
        }
        Ok(Some(places))
    }

    /// The ids of the groups that somebody is in. Everybody is in Everyone: that Okta shows not even that, or nothing, is so
    /// with a role that sees some groups only, and with one that was lost a moment ago. So it is believed of a credential
    /// that sees the org, and then asked once more.
    async fn ids_of(&self, okta: &Okta, user: &str) -> Result<Option<Vec<String>>, Error> {
        let ids = okta.groups_of(user).await?;
        if ids.as_ref().is_some_and(|ids| !ids.is_empty()) {
            return Ok(ids);
        }
        if !okta.sees_the_org().await? {
            return Ok(None);
        }
        let ids = okta.groups_of(user).await?;
        if ids.is_none() {
            self.withheld.lock().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned());
        }
        Ok(ids)
    }

    /// Whether Okta keeps somebody's groups from a credential that sees the org.
    pub(crate) fn are_withheld(&self, user: &str) -> bool {
        self.withheld.lock().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    async fn is_in_sight(&self, okta: &Okta, id: &str) -> Result<bool, Error> {
        // One at a time: whoever waits finds what the others were told.
        let _turn = self.asking.lock().await;
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        if answered.is_some_and(|answered| answered.elapsed() < IN_SIGHT) {
            return Ok(true);
        }
        match okta.group(id).await {
            Ok(Some(_)) => {
                self.note_answer(id);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) if may_not_see(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn note_answer(&self, id: &str) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), Instant::now());
    }
}

/// Whether Okta keeps a group from the credential.
fn may_not_see(error: &OktaError) -> bool {
    error.is_not_permitted() || error.fate() == Fate::OfOneRecord
}
