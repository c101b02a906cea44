//! What the items of leases tell beside the leases: when a job was last tried, and how often that failed. Schedules go by
//! it; nothing here gives a right to anything.

use super::update::{Update, whole};
use super::{Directory, DirectoryError, keys};
use crate::model::{Job, LastTry, Time};

impl Directory {
    /// What is known of the last try of a job.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn last_try(&self, connection: &str, job: Job) -> Result<LastTry, DirectoryError> {
        let Some(item) = self.get(&keys::lease(connection, job)).await? else { return Ok(LastTry::default()) };
        let moment =
            |name| item.optional_whole(name).and_then(|millis| i64::try_from(millis).ok()).map(Time::from_millis);
        Ok(LastTry {
            begun: moment("acquired_at"),
            held_until: moment("expires_at"),
            unfinished: item.optional_text("run").map(str::to_owned),
            served: moment("served_at"),
            failures: item.optional_whole("tries").unwrap_or(0).try_into().unwrap_or(u32::MAX),
        })
    }

    /// Forgets how often a connection's jobs failed: what was broken may be mended, so that schedules need not wait.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn forget_failures(&self, connection: &str) -> Result<(), DirectoryError> {
        for job in Job::ALL {
            let update = Update::new().if_present("tries").remove("tries");
            // Refused where none failed.
            let _ = self.update_at_once(&keys::lease(connection, job), update).await?;
        }
        Ok(())
    }

    /// Lets a connection's leases lapse at once, unfinished runs and tokens kept: for who knows that no other process is
    /// there, such as the sole owner of a local data directory after a crash.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn lapse_leases(&self, connection: &str) -> Result<(), DirectoryError> {
        for job in Job::ALL {
            let update = Update::new().if_compares("expires_at", ">", whole(0)).set("expires_at", whole(0));
            // Refused where there is no lease, or one that was given up: as it should be.
            let _ = self.update_at_once(&keys::lease(connection, job), update).await?;
        }
        Ok(())
    }
}
