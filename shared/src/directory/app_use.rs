//! Who used which application, and when last: what the log's sign-ons come to, kept beyond the log.
//!
//! Of each person and application the latest sign-on is kept, for as long as it lies within the window. Adding sign-ons
//! that were added before changes nothing, and no order of adding makes a difference; so a page of the log can be read
//! again after any crash, and two who add at once do not harm each other: a part is written on the revision that it was
//! read at.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::calls::Conditional;
use super::keys::{self, Shelf};
use super::lease::Lease;
use super::parts::{LARGEST, Part, part_update};
use super::search::Direction;
use super::transaction::{Transacted, Transaction};
use super::update::{Update, text, whole};
use super::write::Written;
use super::{Directory, DirectoryError, Rows};
use crate::model::Time;
use crate::model::app::{Person, SignOns, Use, WINDOW, belonging, cut, merged};

/// Applications whose parts are written beside each other.
const APPS_AT_ONCE: usize = 16;

/// How many people are added to a part at a time. With the longest of ids they come to some 90 parts, and a transaction
/// has room for 100.
const MOST_AT_ONCE: usize = 4_500;

/// How often a part is read again that others wrote meanwhile.
const TRIES: u32 = 10;

impl Directory {
    /// Adds sign-ons to what is known of use, at a time by Okta's clock: what lies outside the window then is dropped
    /// where it is met. When it returns everything is stored, and the log's position may move.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, others were in the way at every try, or DynamoDB throttles or is out of reach;
    /// fatal when it refuses, or a part is damaged. What was stored by then does no harm.
    pub async fn add_sign_ons(&self, lease: &Lease, sign_ons: SignOns, now: Time) -> Result<(), DirectoryError> {
        let oldest = now.before(WINDOW);
        let apps =
            sign_ons.into_apps().map(|(app, people)| async move { self.add(lease, (&app, &people), oldest).await });
        let apps: Vec<_> = apps.collect();
        stream::iter(apps).buffer_unordered(APPS_AT_ONCE).try_collect().await
    }

    /// How an application has been used, at a time by Okta's clock.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a part is damaged.
    pub async fn app_use(&self, connection: &str, app: &str, now: Time) -> Result<Use, DirectoryError> {
        let mut found = Use::default();
        let mut parts = self.parts::<Time>((Shelf::Uses, connection), app, Direction::Ascending);
        while let Some(part) = parts.try_next().await? {
            part.people.iter().for_each(|(_, last)| found.count(*last, now));
            part.newest.into_iter().for_each(|newest| found.note(newest));
        }
        Ok(found)
    }

    /// Who signed on to an application, and when last, in order of id; some of it may lie outside the window.
    pub fn last_sign_ons(&self, connection: &str, app: &str) -> Rows<Person<Time>> {
        let parts = self.parts::<Time>((Shelf::Uses, connection), app, Direction::Ascending);
        parts.map_ok(|part| stream::iter(part.people.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// Adds the people of one application, the last of them first: with each part those are done who belong in it.
    async fn add(
        &self,
        lease: &Lease,
        (app, mut people): (&str, &[Person<Time>]),
        oldest: Time,
    ) -> Result<(), DirectoryError> {
        let (mut tries, mut is_entered) = (0, false);
        while let Some((last, _)) = people.last() {
            let part = self.part_of((Shelf::Uses, lease.connection()), (app, last)).await?;
            if part.revision == 0 && !is_entered {
                self.enter_app(lease, app).await?;
                is_entered = true;
            }
            let (rest, share) = belonging(people, &part.from, MOST_AT_ONCE);
            if let Written::Done = self.add_to(lease, (app, part), (share, oldest)).await? {
                (people, tries) = (rest, 0);
                continue;
            }
            tries += 1;
            if tries > TRIES {
                return Err(DirectoryError::Contended { what: format!("the use of application {app}") });
            }
        }
        Ok(())
    }

    /// Adds people to the part that they belong in, in its place and in as many after it as they need.
    async fn add_to(
        &self,
        lease: &Lease,
        (app, part): (&str, Part<Time>),
        (share, oldest): (&[Person<Time>], Time),
    ) -> Result<Written, DirectoryError> {
        let people = merged(&part.people, share, oldest);
        let newest = newest(share).max(part.newest);
        if part.revision > 0 && people == part.people && newest == part.newest {
            return Ok(Written::Done);
        }
        let key = |from: &str| keys::part(Shelf::Uses, lease.connection(), (app, from));
        let mut pieces = cut(&people, LARGEST).into_iter();
        let first = pieces.next().map(|(_, text)| text).unwrap_or_default();
        let update = with_newest(part_update(app, &first), newest).set("revision", whole(part.revision + 1));
        let update = match part.revision {
            0 => update.if_absent("pk"),
            revision => update.if_compares("revision", "=", whole(revision)),
        };
        if pieces.len() == 0 {
            let written = self.update_under(lease, &key(&part.from), update).await?;
            return Ok(if matches!(written, Conditional::Done(_)) { Written::Done } else { Written::Lost });
        }
        let transaction = Transaction::new().update(key(&part.from), update);
        let transaction = pieces.fold(transaction, |all, (people, text)| {
            let from = people.first().map_or("", |(user, _)| user);
            let update = with_newest(part_update(app, &text), self::newest(people)).set("revision", whole(1));
            all.update(key(from), update.if_absent("pk"))
        });
        let transacted = self.transact_under(lease, &transaction).await?;
        Ok(if matches!(transacted, Transacted::Done) { Written::Done } else { Written::Lost })
    }
}

fn newest(people: &[Person<Time>]) -> Option<Time> {
    people.iter().map(|(_, last)| *last).max()
}

fn with_newest(update: Update, newest: Option<Time>) -> Update {
    newest.into_iter().fold(update, |update, newest| update.set("newest", text(newest)))
}
