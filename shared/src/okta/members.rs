//! Groups and who is in them (Okta's page "Groups").
//!
//! Names are not unique in Okta, so a name is compared exactly and may find several groups. A list of members shows
//! people of every status, deactivated ones included.

use serde::Deserialize;

use super::OktaError;
use super::attempt::Ask;
use super::client::Okta;
use super::fault::{Fault, Subject};
use super::page;
use super::query::{self, PageRequest};
use crate::model::{RawObject, Time};

/// Larger pages were inconsistent, and Okta recommends this size (Okta: List all member users).
const MEMBERS_A_PAGE: &str = "200";

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id, for good.
    pub id: String,
    /// Its name, which may change.
    pub name: String,
    /// Whether it is the built-in group of all users.
    pub is_everyone: bool,
    /// When somebody last joined or left it, where Okta says.
    pub members_changed: Option<Time>,
}

/// What Okta says of groups whose members changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedGroups {
    /// Okta's clock when it was asked.
    pub asked: Time,
    /// The groups whose members changed since, and the witness if it is in sight.
    pub groups: Vec<Group>,
}

impl Okta {
    /// One group by id. `None`: deleted, never there, or hidden from the token.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses. Of one record when it is there and Okta withholds it.
    pub async fn group(&self, id: &str) -> Result<Option<Group>, OktaError> {
        let request = PageRequest::new(&format!("/api/v1/groups/{}", query::path_part(id)), &[]);
        let ask = Ask { request, subject: Subject::Object };
        let unreadable = "the answer is no group";
        let read =
            |received: &_| read(&page::object(received)?).ok_or_else(|| received.unreadable(unreadable.to_owned()));
        match self.ask(ask, |_, received| read(received)).await {
            Ok(group) => Ok(Some(group)),
            Err(OktaError::Refused { fault: Fault::NotVisible, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The groups of exactly this name.
    ///
    /// # Errors
    /// As for [`Okta::page`].
    pub async fn groups_named(&self, name: &str) -> Result<Vec<Group>, OktaError> {
        let search = format!("profile.name eq {}", query::quoted(name));
        let request = PageRequest::new("/api/v1/groups", &[("search", &search), ("limit", "200")]);
        let mut found = self.groups(request).await?;
        found.retain(|group| group.name == name);
        Ok(found)
    }

    /// The ids of the groups that a user is in. `None` where the user is not visible, or their groups are not.
    ///
    /// # Errors
    /// As for [`Okta::page`], but for a refusal that concerns this user.
    pub async fn groups_of(&self, user: &str) -> Result<Option<Vec<String>>, OktaError> {
        let request = PageRequest::new(&format!("/api/v1/users/{}/groups", query::path_part(user)), &[]);
        match self.groups(request).await {
            Ok(groups) => Ok(Some(groups.into_iter().map(|group| group.id).collect())),
            Err(OktaError::Refused { fault: Fault::NotVisible, .. }) => Ok(None),
            Err(error) if error.is_not_permitted() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The groups whose members changed after a moment; and, changed or not, a witness, a group that is known to be
    /// there: without it an empty answer might as well come of a role that sees no groups. By `filter`, for the index of
    /// `search` was seen many minutes behind here (Okta: List all groups).
    ///
    /// # Errors
    /// As for [`Okta::page`].
    pub async fn groups_changed_since(&self, since: Time, witness: &str) -> Result<ChangedGroups, OktaError> {
        let filter = format!("lastMembershipUpdated gt \"{since}\" or id eq {}", query::quoted(witness));
        let mut page = self.page(&PageRequest::new("/api/v1/groups", &[("filter", &filter), ("limit", "200")])).await?;
        let asked = page.date;
        let mut groups: Vec<Group> = page.objects.iter().filter_map(read).collect();
        while let Some(next) = page.next {
            page = self.page(&next).await?;
            groups.extend(page.objects.iter().filter_map(read));
        }
        Ok(ChangedGroups { asked, groups })
    }

    async fn groups(&self, request: PageRequest) -> Result<Vec<Group>, OktaError> {
        let (mut found, mut next) = (Vec::new(), Some(request));
        while let Some(request) = next {
            let page = self.page(&request).await?;
            found.extend(page.objects.iter().filter_map(read));
            next = page.next;
        }
        Ok(found)
    }
}

impl PageRequest {
    /// The members of a group, whatever their status. Okta documents no projection for this list, so each comes whole.
    pub fn group_members(group: &str) -> PageRequest {
        let path = format!("/api/v1/groups/{}/users", query::path_part(group));
        PageRequest::new(&path, &[("limit", MEMBERS_A_PAGE)])
    }

    /// A request that was stored as its text.
    pub fn stored(text: &str) -> PageRequest {
        PageRequest::encoded(text.to_owned())
    }
}

fn read(group: &RawObject) -> Option<Group> {
    #[derive(Deserialize)]
    struct Read {
        id: String,
        #[serde(default, rename = "type")]
        kind: Option<String>,
        #[serde(default, rename = "lastMembershipUpdated")]
        members_changed: Option<Time>,
        profile: Profile,
    }
    #[derive(Deserialize)]
    struct Profile {
        name: String,
    }
    let Read { id, kind, members_changed, profile } = serde_json::from_str(&group.text).ok()?;
    let is_everyone = kind.as_deref() == Some("BUILT_IN") && profile.name == "Everyone";
    Some(Group { id, name: profile.name, is_everyone, members_changed })
}
