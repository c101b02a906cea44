//! Of which applications anything is kept beside their records: who is assigned to them, who used them, or both.
//!
//! Each has an entry, its *listing*, which is written before anything else is kept of it and removed after everything else:
//! so nothing can be left behind that nobody finds, whatever breaks off.

use futures::{StreamExt, TryStreamExt};

use super::keys::{self, Key, Shelf, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows};
use crate::model::Time;

/// An application of which something is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptApp {
    /// The application's id.
    pub app: String,
    /// Whether its people were ever listed, and are not forgotten.
    pub is_listed: bool,
}

impl Directory {
    /// Every application of which something is kept, in order of id.
    pub fn kept_apps(&self, connection: &str) -> Rows<KeptApp> {
        let rows = self.rows(Search::of(Table::State, keys::app_listings(connection)));
        let kept = rows.and_then(async |item| {
            let listed_at: Option<Time> = item.value("at")?;
            Ok(KeptApp { app: item.text("app")?.to_owned(), is_listed: listed_at.is_some() })
        });
        kept.boxed()
    }

    /// Removes everything that is kept of an application's people: it is gone for good, or nobody wants to know. What broke
    /// off is completed by the same again.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn forget_app(&self, lease: &Lease, app: &str) -> Result<(), DirectoryError> {
        self.remove_parts(lease, (Shelf::Uses, app)).await?;
        self.remove_parts(lease, (Shelf::Assignments, app)).await?;
        self.delete_under(lease, &keys::app_listing(lease.connection(), app), Update::new()).await.map(drop)
    }

    /// Removes who is assigned to an application, and keeps who used it: should it come into sight again, its people are
    /// listed again, and sign-ons are not told twice.
    ///
    /// # Errors
    /// As for [`Directory::forget_app`].
    pub async fn forget_app_people(&self, lease: &Lease, app: &str) -> Result<(), DirectoryError> {
        self.remove_parts(lease, (Shelf::Assignments, app)).await?;
        let never_listed = Update::new().set("app", text(app)).remove("at").remove("groups");
        self.update_under(lease, &keys::app_listing(lease.connection(), app), never_listed).await.map(drop)
    }

    /// Notes that something is about to be kept of an application.
    pub(super) async fn enter_app(&self, lease: &Lease, app: &str) -> Result<(), DirectoryError> {
        let entry = Update::new().set("app", text(app));
        self.update_under(lease, &keys::app_listing(lease.connection(), app), entry).await.map(drop)
    }

    async fn remove_parts(&self, lease: &Lease, (shelf, app): (Shelf, &str)) -> Result<(), DirectoryError> {
        let pk = keys::parts_of_app(shelf, lease.connection(), app);
        let search =
            Search { range: Some(keys::parts(app)), attributes: &["sk"], ..Search::of(Table::State, pk.clone()) };
        let mut rows = self.rows(search);
        while let Some(item) = rows.try_next().await? {
            let key = Key { table: Table::State, pk: pk.clone(), sk: item.text("sk")?.to_owned() };
            // Nothing can refuse it.
            let _ = self.delete_under(lease, &key, Update::new()).await?;
        }
        Ok(())
    }
}
