//! The people of an application with their use of it: two lists in order of id, joined as they are read, so that nobody has
//! to be kept in memory.

use futures::{StreamExt, TryStreamExt, stream};

use super::{Directory, DirectoryError, Rows};
use crate::model::Time;
use crate::model::app::{Assignment, Person};

/// Somebody of an application's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPerson {
    /// The user's id.
    pub user: String,
    /// How they are assigned.
    pub assignment: Assignment,
    /// When they last signed on, if that is known; perhaps longer ago than the window.
    pub last_sign_on: Option<Time>,
}

/// Both lists, and the first of the sign-ons that may be of somebody still to come.
struct Join {
    assigned: Rows<Person<Assignment>>,
    sign_ons: Rows<Person<Time>>,
    at: Option<Person<Time>>,
}

impl Directory {
    /// Everybody of an application's people with their last sign-on, in order of id.
    pub fn app_people(&self, connection: &str, app: &str) -> Rows<AppPerson> {
        let assigned = self.app_assignments(connection, app);
        let sign_ons = self.last_sign_ons(connection, app).fuse().boxed();
        stream::try_unfold(Join { assigned, sign_ons, at: None }, Join::next).boxed()
    }
}

impl Join {
    async fn next(mut self) -> Result<Option<(AppPerson, Join)>, DirectoryError> {
        let Some((user, assignment)) = self.assigned.try_next().await? else { return Ok(None) };
        while self.at.as_ref().is_none_or(|(signed_on, _)| *signed_on < user) {
            self.at = self.sign_ons.try_next().await?;
            if self.at.is_none() {
                break;
            }
        }
        let last_sign_on = self.at.as_ref().filter(|(signed_on, _)| *signed_on == user).map(|(_, last)| *last);
        Ok(Some((AppPerson { user, assignment, last_sign_on }, self)))
    }
}
