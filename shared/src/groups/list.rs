//! The members of the mapped groups, listed in one go: where there is no checkpoint to keep, and nothing is written.

use super::Groups;
use crate::error::Error;
use crate::model::identify;
use crate::okta::{Okta, PageRequest};

impl Groups {
    /// Lists every mapped group to its end, so that [`Groups::as_listed`] can say who is in which.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta.
    pub async fn list(&self, okta: &Okta) -> Result<(), Error> {
        for (place, group) in self.listed() {
            let mut request = Some(PageRequest::group_members(&group.id));
            while let Some(asked) = request {
                let page = okta.page(&asked).await?;
                for object in &page.objects {
                    self.roster().add(&identify(object).id, place);
                }
                request = page.next;
            }
        }
        Ok(())
    }
}
