//! Deactivations of a run, kept back until its end, when the guard sees how many they are.

use futures::{StreamExt, TryStreamExt};

use super::fence::Fence;
use super::keys::{self, Table};
use super::lease::Lease;
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError, Rows, expiry};
use crate::reconcile::Change;

impl Directory {
    /// Keeps a deactivation back; a later one of the same object takes its place.
    pub async fn add_deactivation(&self, lease: &Lease, mapping: &str, change: &Change) -> Result<(), DirectoryError> {
        let update = Update::new()
            .fenced(&Fence::of(lease))
            .set("mapping", text(mapping))
            .set("id", text(&change.id))
            .set("change", self.change_text(change)?)
            .set(expiry::EXPIRES, expiry::of_working_item());
        let written = self.update_under(lease, &keys::deactivation(lease.run(), mapping, &change.id), update).await?;
        written.or_fenced(|| format!("a deactivation of run {}", lease.run()))?;
        Ok(())
    }

    /// Drops a deactivation; whether there was one.
    ///
    /// When an answer is lost and the SDK asks again, it may say that there was none although there was.
    pub async fn remove_deactivation(&self, lease: &Lease, mapping: &str, id: &str) -> Result<bool, DirectoryError> {
        let condition = Update::new().only_fenced(&Fence::of(lease));
        let deleted = self.delete_under(lease, &keys::deactivation(lease.run(), mapping, id), condition).await?;
        Ok(!deleted.or_fenced(|| format!("a deactivation of run {}", lease.run()))?.is_empty())
    }

    /// The deactivations of a run in one shard, with their mappings.
    pub fn deactivations(&self, run: &str, shard: u64) -> Rows<(String, Change)> {
        let rows = self.rows(Search::of(Table::State, keys::deactivations_shard(run, shard)));
        rows.and_then(async |item| Ok((item.text("mapping")?.to_owned(), item.json("change")?))).boxed()
    }
}
