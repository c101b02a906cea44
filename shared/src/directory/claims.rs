//! Claims: who holds an identifier, who waits for it, and which claims may have come free.
//!
//! A claim is an item of its own, written in one transaction with the record that takes it or lets it go: what two
//! records of a mapping cannot both have, DynamoDB refuses, and nothing is read first. Whoever finds the identifier
//! taken is noted as waiting. A write by which a claim may come free leaves a *wake* in the same transaction; the run
//! looks at it before it ends, and a run that breaks off leaves it to the next.

use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::calls::Conditional;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows};
use crate::model::{Claim, Time};

/// So many who wait for a claim are noted.
const MOST_WAITING: u64 = 1_000;

/// Who holds a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Holder {
    /// The Okta id.
    pub id: String,
    /// `created` in Okta: with the id, the record's key.
    pub source_created: Time,
}

/// That a claim may have come free.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Wake {
    /// The mapping's name.
    pub mapping: String,
    /// The claim.
    pub claim: Claim,
    at: String,
}

/// What stands in a claim's item.
#[derive(Deserialize)]
struct Stored {
    id: Option<String>,
    source_created: Option<Time>,
    #[serde(default)]
    waiting: Vec<String>,
}

impl Directory {
    /// Who holds a claim; strongly consistent.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn holder(
        &self,
        connection: &str,
        mapping: &str,
        claim: &Claim,
    ) -> Result<Option<Holder>, DirectoryError> {
        let stored = self.claim(connection, mapping, claim).await?;
        Ok(stored.and_then(|stored| Some(Holder { id: stored.id?, source_created: stored.source_created? })))
    }

    /// Whose records are known by a rejoin.
    pub fn rejoins(&self, connection: &str, mapping: &str, rejoin: &Claim) -> Rows<Holder> {
        let pk = keys::rejoins_shard(connection, mapping, rejoin);
        let search = Search { range: Some(keys::rejoins(rejoin)), ..Search::of(Table::State, pk) };
        self.rows(search).and_then(async |item| item.decode()).boxed()
    }

    /// Who waits for a claim, by Okta id.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn waiting(&self, connection: &str, mapping: &str, claim: &Claim) -> Result<Vec<String>, DirectoryError> {
        Ok(self.claim(connection, mapping, claim).await?.map(|stored| stored.waiting).unwrap_or_default())
    }

    /// Notes that an Okta id waits for what another holds; `false` when the other does not hold it any more. Of more than a
    /// thousand who wait for one claim no further is noted: an item has its bounds, each note costs as much as all before
    /// it, and an import looks at everybody in any case.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn wait_for(
        &self,
        lease: &Lease,
        mapping: &str,
        claim: &Claim,
        (holder, waiter): (&str, &str),
    ) -> Result<bool, DirectoryError> {
        let is_theirs = Update::new().add_to_set("waiting", waiter).if_compares("id", "=", text(holder));
        let update = is_theirs.if_fewer("waiting", MOST_WAITING);
        match self.update_under(lease, &keys::claim(lease.connection(), mapping, claim), update).await? {
            Conditional::Done(_) => Ok(true),
            // There are too many, if it is the other's still.
            Conditional::Refused(now) => Ok(now.optional_text("id") == Some(holder)),
        }
    }

    /// An Okta id waits for a claim no longer.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn stop_waiting(
        &self,
        lease: &Lease,
        mapping: &str,
        claim: &Claim,
        waiter: &str,
    ) -> Result<(), DirectoryError> {
        let update = Update::new().take_from_set("waiting", waiter).if_present("pk");
        self.update_under(lease, &keys::claim(lease.connection(), mapping, claim), update).await?;
        Ok(())
    }

    /// The claims of a connection that may have come free.
    pub fn wakes(&self, connection: &str) -> Rows<Wake> {
        self.rows(Search::of(Table::State, keys::wakes(connection))).and_then(async |item| item.decode()).boxed()
    }

    /// A wake has been looked at: it goes, unless the claim came free once more; and a claim that nobody holds or
    /// waits for goes with it.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn finish_wake(&self, lease: &Lease, wake: &Wake) -> Result<(), DirectoryError> {
        let claim = keys::claim(lease.connection(), &wake.mapping, &wake.claim);
        self.delete_under(lease, &claim, Update::new().if_absent("id").if_absent("waiting")).await?;
        let unchanged = Update::new().if_compares("at", "=", text(&wake.at));
        self.delete_under(lease, &keys::wake(lease.connection(), &wake.mapping, &wake.claim), unchanged).await?;
        Ok(())
    }

    async fn claim(&self, connection: &str, mapping: &str, claim: &Claim) -> Result<Option<Stored>, DirectoryError> {
        let item = self.get(&keys::claim(connection, mapping, claim)).await?;
        item.map(|item| item.decode()).transpose()
    }
}
