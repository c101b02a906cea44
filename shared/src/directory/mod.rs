//! I/O out: the directory, the state beside it, and the secrets.
//!
//! The last stage of a record's way: [`Directory::write`] carries out one change, and everything that a run needs to
//! be taken up again lies beside it. Nothing here decides what a record should be.
//!
//! # The directory's items: a contract
//!
//! The table *directory* has one item per record, and every write of one is a single write of its item. Readers may rely on:
//!
//! | attribute | type | |
//! | --- | --- | --- |
//! | `pk`, `sk` | string | `{connection}#{mapping}#{shard}` and `{source_created}#{id}`, with `%` and `#` of names and ids as `%25` and `%23`; opaque to readers, and never changing for a record |
//! | `connection`, `mapping`, `id` | string | whose record, of which Okta object |
//! | `kind` | string | `login_user`, `record`, `device`, `service` or `department` |
//! | `identifier` | string | what the mapping tells people apart by |
//! | `state` | string | `active` or `inactive` |
//! | `reason` | string or NULL | why it is inactive; NULL when active |
//! | `role` | string or NULL | of a login user |
//! | `fields` | map | the mapped fields by name, as JSON |
//! | `okta_status`, `source_created`, `source_updated` | string | `status`, `created` and `lastUpdated` of the object; times are RFC 3339 in UTC with milliseconds |
//! | `first_synced`, `last_changed` | string | when the record came, and when it last changed |
//! | `previous_ids` | list of strings | earlier Okta ids of the same person |
//! | `revision` | number | 1 for a new record, one more with every write |
//! | `claim` | string | the identifier as it is compared, in lower case and NFC; absent where the identifier is the Okta id |
//! | `digest` | string | of identifier, role and fields |
//! | `created_by`, `written_by` | string | the runs that created and last wrote it |
//! | `outcome` | string | what the last write did: `created`, `updated`, `deactivated` or `reactivated` |
//!
//! An item with the attribute `superseded_by` is no record: it stands where that of an earlier Okta id of a person was,
//! who has been hired again since, and names the id that has the record now. Attributes may be added. Records are never removed by age; an inactive record stays. The local secondary index
//! `by-id` (`pk`, `id`; keys only) finds a record of which only the id is known.
//!
//! The table *state* is nobody's contract. Its keys, and those of the directory, are listed in the module `keys`.

mod app_assignments;
mod app_people;
mod app_use;
mod attribute;
mod batch;
mod calls;
mod checkpoint;
mod claims;
mod compared;
mod connection_state;
mod connections;
mod custody;
mod deactivations;
mod erasure;
mod error;
mod expiry;
mod failure;
mod feed;
mod fence;
mod hints;
mod history;
mod hold;
mod item;
mod kept_apps;
mod keys;
mod lease;
mod list_page;
mod log_position;
mod memberships;
mod meter;
mod moves;
mod parts;
mod problem;
mod record_update;
mod records;
mod renewal;
mod requests;
mod runs;
mod search;
mod secrets;
mod seen;
mod sign_on_log;
mod supersede;
mod suspects;
mod tables;
#[cfg(test)]
mod tests;
mod transaction;
mod tries;
mod unsynced;
mod update;
mod witnesses;
mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use futures::stream::BoxStream;
use tokio::sync::Semaphore;

pub use app_assignments::{AppListed, AppListing};
pub use app_people::AppPerson;
pub use claims::{Holder, Wake};
pub use compared::Compared;
pub use connection_state::{Collection, CompleteImport, ConnectionState, DayCount, OrgSeen};
pub use custody::Stored as StoredCustody;
pub use deactivations::{Collected, Fate as CollectedFate, Noted};
pub use error::{Call, DirectoryError};
pub use feed::{FeedCursor, FeedPage};
pub use hold::{HeldEntry, Hold};
pub use kept_apps::KeptApp;
pub use keys::SHARDS;
pub use lease::{Acquired, Lease, LeaseTimes};
pub use list_page::{ListCursor, ListPage};
pub use log_position::{LogPosition, SharedRun};
pub use memberships::{HowStored, Listing, ResolvedGroup, StoredMembership};
pub use records::Known;
pub(crate) use records::Managed;
pub use requests::KeyedRun;
pub use runs::RunControl;
pub use secrets::Secrets;
pub use sign_on_log::SignOnLog;
pub use suspects::Suspect;
pub use unsynced::{UnsyncedIds, UnsyncedNote};
pub use write::{Place, Written};

use crate::report::DynamoDbUse;
use feed::{Ends, Outbox};
use meter::Meter;

/// How many calls are in flight at most, over all that share a client. Renewals of leases are not counted: they must
/// not wait behind a queue of throttled writes.
const CALLS_IN_FLIGHT: usize = 64;

/// Rows read one after the other, a few pages in memory at most.
pub type Rows<T> = BoxStream<'static, Result<T, DirectoryError>>;

/// The names of the two tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// The table of records.
    pub directory: String,
    /// The table of everything else.
    pub state: String,
}

/// The directory and the state beside it; a handle that is cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    link: Arc<Link>,
    meter: Arc<Meter>,
    outbox: Arc<Outbox>,
    lease_times: LeaseTimes,
}

/// What all handles share.
#[derive(Debug)]
struct Link {
    client: Client,
    tables: Tables,
    calls: Semaphore,
    feeds: Ends,
}

impl Directory {
    /// The directory in these tables, which are expected to exist: see [`Directory::create_tables`].
    pub fn new(client: Client, tables: Tables) -> Directory {
        let link = Link { client, tables, calls: Semaphore::new(CALLS_IN_FLIGHT), feeds: Ends::default() };
        Directory {
            link: Arc::new(link),
            meter: Arc::default(),
            outbox: Arc::default(),
            lease_times: LeaseTimes::default(),
        }
    }

    /// The same directory with other durations of leases, for tests.
    #[must_use]
    pub fn with_lease_times(self, times: LeaseTimes) -> Directory {
        Directory { lease_times: times, ..self }
    }

    /// The same directory, counting what it uses from zero and with nothing to tell the feed yet: one handle for each run.
    #[must_use]
    pub fn metered(&self) -> Directory {
        Directory { meter: Arc::default(), outbox: Arc::default(), ..self.clone() }
    }

    /// The capacity units that this handle and its clones have used.
    pub fn used(&self) -> DynamoDbUse {
        self.meter.used()
    }
}
