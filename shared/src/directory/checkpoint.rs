//! The checkpoint: where a run goes on after its process is gone. It is written after the effects that it covers.

use serde_json::Value;

use super::fence::Fence;
use super::lease::Lease;
use super::update::{Update, text};
use super::{Directory, DirectoryError, expiry, keys};

impl Directory {
    /// Puts the checkpoint of the lease's run in the place of the last one.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn put_checkpoint(&self, lease: &Lease, value: &Value) -> Result<(), DirectoryError> {
        // As text: what is read back must be what was written, to the last digit.
        let update = Update::new()
            .fenced(&Fence::of(lease))
            .set("checkpoint", text(value))
            .set(expiry::EXPIRES, expiry::of_working_item());
        let written = self.update_under(lease, &keys::checkpoint(lease.run()), update).await?;
        written.or_fenced(|| format!("the checkpoint of run {}", lease.run()))?;
        Ok(())
    }

    /// The last checkpoint of a run.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the item is damaged.
    pub async fn checkpoint(&self, run: &str) -> Result<Option<Value>, DirectoryError> {
        let item = self.get(&keys::checkpoint(run)).await?;
        item.map(|item| item.json("checkpoint")).transpose()
    }
}
