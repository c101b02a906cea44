//! A list that is read page after page from where a checkpoint stands; a lost cursor begins it again, once.

use serde::{Deserialize, Serialize};

use super::{AtWork, Sheet};
use crate::handlers::interruption::Interruption;
use crate::handlers::sight::{is_cursor_lost, page_of_people};
use crate::model::{ObjectKind, Time};
use crate::okta::{Page, PageRequest};

/// Where the lists of members of the mapped groups stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// The listing that is not finished, by its place in the order.
    pub pass: u32,
    /// Where its next page is.
    pub cursor: Option<String>,
    /// Okta's clock on its first page.
    pub at: Option<Time>,
    /// How many items hold the ids that it has shown.
    pub seen_chunks: u32,
}

impl Listing {
    /// The members of a group, from where the list stands.
    pub(crate) fn pages(&self, group: &str) -> Pages {
        Pages::new(PageRequest::group_members(group), self.cursor.as_deref().map(PageRequest::stored))
    }

    /// A page is taken in. At the end of the list its cursor stays, so that what follows is done again after a crash.
    pub(crate) fn turn(&mut self, date: Time, next: Option<&PageRequest>) {
        self.at.get_or_insert(date);
        if let Some(next) = next {
            self.cursor = Some(next.as_str().to_owned());
        }
    }

    /// The listing is done.
    pub(crate) fn finish(&mut self) {
        *self = Listing { pass: self.pass + 1, ..Listing::default() };
    }
}

/// The pages of a list.
pub(crate) struct Pages {
    first: PageRequest,
    next: Option<PageRequest>,
    /// The page that was given last.
    last: Option<PageRequest>,
    resumed: bool,
}

impl Pages {
    /// A list that begins with a page, and goes on at another if it has been read that far.
    pub(crate) fn new(first: PageRequest, at: Option<PageRequest>) -> Pages {
        let resumed = at.is_some();
        let next = Some(at.unwrap_or_else(|| first.clone()));
        Pages { first, next, last: None, resumed }
    }

    /// The page that was given last, once more.
    pub(crate) async fn again(&mut self, job: &AtWork<impl Sheet>) -> Result<Option<Page>, Interruption> {
        self.next = self.last.clone();
        self.next(job).await
    }

    /// The next page; `None` at the end. Stops where the work should.
    pub(crate) async fn next<S: Sheet>(&mut self, job: &AtWork<S>) -> Result<Option<Page>, Interruption> {
        while let Some(asked) = self.next.take() {
            job.interrupted()?;
            match page(job, &asked).await {
                Err(interruption) if self.resumed && is_cursor_lost(&interruption) => {
                    self.resumed = false;
                    self.next = Some(self.first.clone());
                }
                page => {
                    let page = page?;
                    self.next = page.next.clone();
                    self.last = Some(asked);
                    return Ok(Some(page));
                }
            }
        }
        Ok(None)
    }
}

/// A page of a list. A role that was taken its sight gets one without anything as well, which ends the list: of people it is
/// believed when the credential sees the org, and what other lists end with, their jobs look into themselves.
async fn page<S: Sheet>(job: &AtWork<S>, asked: &PageRequest) -> Result<Page, Interruption> {
    match S::OBJECTS {
        ObjectKind::User => page_of_people(&job.line.okta, asked).await,
        ObjectKind::Device | ObjectKind::App => Ok(job.line.okta.page(asked).await?),
    }
}
