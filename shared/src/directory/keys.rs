//! Every key of both tables, in one place.
//!
//! Names and ids are escaped where they stand in a key: `%` and `#` become `%25` and `%23`, so that `#` only ever
//! separates. `NN` is a shard from `00` to `63`, by a hash of the id: whatever there are many of is spread over 64
//! partitions, because one partition takes 1,000 writes a second.
//!
//! | table | `pk` | `sk` | what |
//! | --- | --- | --- | --- |
//! | directory | `{connection}#{mapping}#NN` | `{source_created}#{id}` | a record |
//! | state | `connections` | `{connection}` | a connection's document |
//! | state | `connection#{connection}` | `state` | watermark, pinned org, last complete import |
//! | state | `connection#{connection}` | `lease#{job}` | a lease |
//! | state | `connection#{connection}` | `hold` | the hold's header |
//! | state | `connection#{connection}` | `log` | how far the org's log was followed |
//! | state | `requests#{connection}` | `{key}` | the run that a request with an idempotency key led to |
//! | state | `hints#{connection}` | `{published}#{event}` | a hint that an event hook brought |
//! | state | `runs#{connection}` | `{started}#{run}` | an entry of the connection's list of runs |
//! | state | `run#{run}` | `report` | the run report |
//! | state | `run#{run}` | `checkpoint` | the checkpoint |
//! | state | `run#{run}#seen#{slice}` | `{chunk}#{part}` | ids seen in a slice |
//! | state | `run#{run}#suspects#NN` | `{mapping}#{id}` | a suspect |
//! | state | `run#{run}#deactivations#NN` | `{mapping}#{id}` | a deactivation that waits for the guard |
//! | state | `hold#{connection}#NN` | `{mapping}#{id}` | an entry of the hold |
//! | state | `claims#{connection}#{mapping}#NN` | `{claim}` | who holds an identifier, and who waits for it |
//! | state | `rejoins#{connection}#{mapping}#NN` | `{rejoin}#{id}` | whose record somebody hired again may get back |
//! | state | `wakes#{connection}` | `{mapping}#{claim}` | a claim that its holder may have let go of |
//! | state | `unsynced#{connection}#NN` | `{mapping}#{id}` | an unsynced row |
//! | state | `history#{connection}#{mapping}#NN` | `{id}#{revision modulo 64}` | one of a record's last 64 changes |
//! | state | `changes#{connection}` | `{sequence}` | a batch of the feed of changes |
//! | state | `changes#{connection}` | `last` | the sequence of the last batch |
//! | state | `groups#{connection}` | `#{name}` | the group that a configured name was resolved to |
//! | state | `listings#{connection}` | `{group}` | the newest complete listing of a group |
//! | state | `memberships#{connection}#NN` | `{group}#{user}` | whether a user is in a mapped group |
//! | state | `connection#{connection}` | `sign-ons` | how far the log's sign-ons were followed |
//! | state | `uses#{connection}#NN` | `{app}#{first user}` | when some of an application's people last used it |
//! | state | `assignments#{connection}#NN` | `{app}#{first user}` | how some of an application's people are assigned |
//! | state | `app-listings#{connection}` | `{app}` | that something is kept of an application, and its newest complete listing of people |
//! | state | `custody#{connection}#NN` | `{device}` | who holds a device, and who held it last |

use std::borrow::Cow;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::model::{Claim, Job, Time};

/// Into how many partitions numerous items are spread. A constant for good: a record's shard is part of its key.
pub const SHARDS: u64 = 64;

/// The longest id, in bytes once escaped, that stands in a key as it is. DynamoDB allows a sort key 1,024 bytes.
const LONGEST_ID: usize = 512;

/// One of the two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Directory,
    State,
}

/// An item's key, and the table it is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) table: Table,
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn state(pk: String, sk: impl Into<String>) -> Key {
        Key { table: Table::State, pk, sk: sk.into() }
    }

    pub(super) fn attributes(&self) -> [(String, AttributeValue); 2] {
        [("pk".to_owned(), AttributeValue::S(self.pk.clone())), ("sk".to_owned(), AttributeValue::S(self.sk.clone()))]
    }
}

pub(super) fn record(connection: &str, mapping: &str, created: Time, id: &str) -> Key {
    let pk = record_shard(connection, mapping, id);
    Key { table: Table::Directory, pk, sk: format!("{created}#{}", escape(id)) }
}

pub(super) fn record_shard(connection: &str, mapping: &str, id: &str) -> String {
    records(connection, mapping, shard(id))
}

pub(super) fn records(connection: &str, mapping: &str, shard: u64) -> String {
    format!("{}#{}#{shard:02}", escape(connection), escape(mapping))
}

/// The sort keys of records created at or after `from` and before `to`, as bounds of a `BETWEEN`.
///
/// The upper bound is a bare time, which no key is: a record created in that very moment has `#` and its id
/// behind it and comes after. Years begin with a digit, and `:` is the character after `9`.
pub(super) fn created_range(from: Option<Time>, to: Option<Time>) -> Range<String> {
    let bound = |time: Option<Time>, open: &str| time.map_or_else(|| open.to_owned(), |time| time.to_string());
    bound(from, "0")..bound(to, ":")
}

pub(super) const CONNECTIONS: &str = "connections";

pub(super) fn connection(name: &str) -> Key {
    Key::state(CONNECTIONS.to_owned(), escape(name))
}

pub(super) fn connection_state(name: &str) -> Key {
    Key::state(of_connection(name), "state")
}

pub(super) fn lease(connection: &str, job: Job) -> Key {
    Key::state(of_connection(connection), format!("lease#{}", job.name()))
}

pub(super) fn hold(connection: &str) -> Key {
    Key::state(of_connection(connection), "hold")
}

pub(super) fn log_position(connection: &str) -> Key {
    Key::state(of_connection(connection), "log")
}

pub(super) fn hint(connection: &str, published: Time, event: &str) -> Key {
    Key::state(hints(connection), format!("{published}#{}", bounded(event)))
}

pub(super) fn hints(connection: &str) -> String {
    format!("hints#{}", escape(connection))
}

pub(super) fn held(connection: &str, mapping: &str, id: &str) -> Key {
    Key::state(held_shard(connection, shard(id)), of_mapping(mapping, id))
}

pub(super) fn held_shard(connection: &str, shard: u64) -> String {
    format!("hold#{}#{shard:02}", escape(connection))
}

pub(super) fn unsynced(connection: &str, mapping: &str, id: &str) -> Key {
    Key::state(unsynced_shard(connection, shard(id)), of_mapping(mapping, id))
}

pub(super) fn unsynced_shard(connection: &str, shard: u64) -> String {
    format!("unsynced#{}#{shard:02}", escape(connection))
}

pub(super) fn claim(connection: &str, mapping: &str, claim: &Claim) -> Key {
    let shard = shard(claim.as_str());
    Key::state(format!("claims#{}#{}#{shard:02}", escape(connection), escape(mapping)), bounded(claim.as_str()))
}

pub(super) fn rejoin(connection: &str, mapping: &str, rejoin: &Claim, id: &str) -> Key {
    Key::state(rejoins_shard(connection, mapping, rejoin), format!("{}#{}", bounded(rejoin.as_str()), escape(id)))
}

pub(super) fn rejoins_shard(connection: &str, mapping: &str, rejoin: &Claim) -> String {
    format!("rejoins#{}#{}#{:02}", escape(connection), escape(mapping), shard(rejoin.as_str()))
}

/// The sort keys of the records of a rejoin, as bounds of a `BETWEEN`: `$` is the character after `#`.
pub(super) fn rejoins(rejoin: &Claim) -> Range<String> {
    let rejoin = bounded(rejoin.as_str());
    format!("{rejoin}#")..format!("{rejoin}$")
}

pub(super) fn wake(connection: &str, mapping: &str, claim: &Claim) -> Key {
    Key::state(wakes(connection), of_mapping(mapping, claim.as_str()))
}

pub(super) fn wakes(connection: &str) -> String {
    format!("wakes#{}", escape(connection))
}

/// How many changes of a record are kept: the next one takes the place of the oldest.
pub(super) const STEPS: u64 = 64;

pub(super) fn step(connection: &str, mapping: &str, (id, revision): (&str, u64)) -> Key {
    Key::state(steps_shard(connection, mapping, id), format!("{}#{:02}", escape(id), revision % STEPS))
}

pub(super) fn steps_shard(connection: &str, mapping: &str, id: &str) -> String {
    format!("history#{}#{}#{:02}", escape(connection), escape(mapping), shard(id))
}

/// The sort keys of a record's changes, as bounds of a `BETWEEN`.
pub(super) fn steps(id: &str) -> Range<String> {
    format!("{}#0", escape(id))..format!("{}#:", escape(id))
}

pub(super) fn feed_batch(connection: &str, sequence: u64) -> Key {
    Key::state(feed(connection), format!("{sequence:020}"))
}

pub(super) fn feed_end(connection: &str) -> Key {
    Key::state(feed(connection), "last")
}

pub(super) fn feed(connection: &str) -> String {
    format!("changes#{}", escape(connection))
}

/// The sort keys of a feed's batches from one on, as bounds of a `BETWEEN`.
pub(super) fn feed_from(sequence: u64) -> Range<String> {
    format!("{sequence:020}")..":".to_owned()
}

pub(super) fn resolved_group(connection: &str, name: &str) -> Key {
    Key::state(format!("groups#{}", escape(connection)), of_mapping("", name))
}

pub(super) fn listing(connection: &str, group: &str) -> Key {
    Key::state(format!("listings#{}", escape(connection)), escape(group))
}

pub(super) fn membership(connection: &str, group: &str, user: &str) -> Key {
    Key::state(memberships_shard(connection, shard(user)), of_mapping(group, user))
}

pub(super) fn memberships_shard(connection: &str, shard: u64) -> String {
    format!("memberships#{}#{shard:02}", escape(connection))
}

/// The sort keys of a group's members, as bounds of a `BETWEEN`; `$` is the character after `#`.
pub(super) fn members_of(group: &str) -> Range<String> {
    format!("{}#", escape(group))..format!("{}$", escape(group))
}

/// What is kept of applications' people, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Uses,
    Assignments,
}

pub(super) fn part(shelf: Shelf, connection: &str, (app, from): (&str, &str)) -> Key {
    Key::state(parts_shard(shelf, connection, shard(app)), format!("{}#{from}", escape(app)))
}

/// The shard that has all parts of an application: they are read together.
pub(super) fn parts_of_app(shelf: Shelf, connection: &str, app: &str) -> String {
    parts_shard(shelf, connection, shard(app))
}

pub(super) fn parts_shard(shelf: Shelf, connection: &str, shard: u64) -> String {
    let shelf = match shelf {
        Shelf::Uses => "uses",
        Shelf::Assignments => "assignments",
    };
    format!("{shelf}#{}#{shard:02}", escape(connection))
}

/// The sort keys of an application's parts, as bounds of a `BETWEEN`; `$` is the character after `#`.
pub(super) fn parts(app: &str) -> Range<String> {
    format!("{}#", escape(app))..format!("{}$", escape(app))
}

/// Those of the parts that begin with a user's id or before it.
pub(super) fn parts_to(app: &str, user: &str) -> Range<String> {
    format!("{}#", escape(app))..format!("{}#{user}", escape(app))
}

pub(super) fn app_listing(connection: &str, app: &str) -> Key {
    Key::state(app_listings(connection), escape(app))
}

pub(super) fn app_listings(connection: &str) -> String {
    format!("app-listings#{}", escape(connection))
}

pub(super) fn sign_on_log(connection: &str) -> Key {
    Key::state(of_connection(connection), "sign-ons")
}

pub(super) fn custody(connection: &str, device: &str) -> Key {
    Key::state(custody_shard(connection, shard(device)), bounded(device))
}

pub(super) fn custody_shard(connection: &str, shard: u64) -> String {
    format!("custody#{}#{shard:02}", escape(connection))
}

pub(super) fn listed_run(connection: &str, started: Time, run: &str) -> Key {
    Key::state(listed_runs(connection), format!("{started}#{}", escape(run)))
}

pub(super) fn listed_runs(connection: &str) -> String {
    format!("runs#{}", escape(connection))
}

pub(super) fn run_report(run: &str) -> Key {
    Key::state(of_run(run), "report")
}

pub(super) fn checkpoint(run: &str) -> Key {
    Key::state(of_run(run), "checkpoint")
}

pub(super) fn seen(run: &str, slice: u32, chunk: u32, part: usize) -> Key {
    Key::state(seen_in(run, slice), format!("{chunk:010}#{part:05}"))
}

pub(super) fn seen_in(run: &str, slice: u32) -> String {
    format!("{}#seen#{slice:010}", of_run(run))
}

/// The sort keys of the first `chunks` chunks of a slice, as bounds of a `BETWEEN`.
pub(super) fn first_chunks(chunks: u32) -> Range<String> {
    "0".to_owned()..format!("{chunks:010}")
}

pub(super) fn suspect(run: &str, mapping: &str, id: &str) -> Key {
    Key::state(suspects_shard(run, shard(id)), of_mapping(mapping, id))
}

pub(super) fn suspects_shard(run: &str, shard: u64) -> String {
    format!("{}#suspects#{shard:02}", of_run(run))
}

pub(super) fn deactivation(run: &str, mapping: &str, id: &str) -> Key {
    Key::state(deactivations_shard(run, shard(id)), of_mapping(mapping, id))
}

pub(super) fn deactivations_shard(run: &str, shard: u64) -> String {
    format!("{}#deactivations#{shard:02}", of_run(run))
}

pub(super) fn request(connection: &str, key: &str) -> Key {
    Key::state(requests(connection), bounded(key))
}

fn requests(connection: &str) -> String {
    format!("requests#{}", escape(connection))
}

/// Every partition that has items of a connection alone, of these mappings and beside them; not its list of runs.
pub(super) fn partitions_of(connection: &str, mappings: &[String]) -> Vec<(Table, String)> {
    let name = escape(connection);
    let of_connection = ["hold", "unsynced", "memberships", "uses", "assignments", "custody"];
    let of_mapping = ["claims", "rejoins", "history"];
    let mut partitions: Vec<(Table, String)> = (0..SHARDS)
        .flat_map(|shard| of_connection.map(|kind| (Table::State, format!("{kind}#{name}#{shard:02}"))))
        .collect();
    for mapping in mappings {
        let mapping_name = escape(mapping);
        partitions.extend((0..SHARDS).flat_map(|shard| {
            let beside = of_mapping.map(|kind| (Table::State, format!("{kind}#{name}#{mapping_name}#{shard:02}")));
            std::iter::once((Table::Directory, records(connection, mapping, shard))).chain(beside)
        }));
    }
    let single = ["hints", "wakes", "changes", "groups", "listings", "app-listings", "requests", "connection"];
    partitions.extend(single.map(|kind| (Table::State, format!("{kind}#{name}"))));
    partitions
}

/// Whether a key is one of a lease.
pub(super) fn is_lease(key: &Key) -> bool {
    key.table == Table::State && key.pk.starts_with("connection#") && key.sk.starts_with("lease#")
}

/// The sort key of an object under a mapping. An id too long for a key stands there by a hash; no two ids share one,
/// because an escaped id never has a `#`.
pub(super) fn of_mapping(mapping: &str, id: &str) -> String {
    format!("{}#{}", escape(mapping), bounded(id))
}

/// A text as the last part of a key: one too long for it stands there by a hash.
fn bounded(text: &str) -> String {
    let escaped = escape(text);
    if escaped.len() <= LONGEST_ID {
        return escaped.into_owned();
    }
    use sha2::{Digest, Sha256};
    let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("#{hash}")
}

/// Whether an id can be part of a record's key: it is a key of its own in the index by id.
pub(super) fn fits_a_record(id: &str) -> bool {
    !id.is_empty() && escape(id).len() <= LONGEST_ID
}

/// FNV-1a, 64 bits: stable over versions and machines, which the standard library's hasher does not promise to be.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn shard(id: &str) -> u64 {
    // The upper half is folded in: FNV's lowest bits depend on the text's lowest bits alone.
    let hash = hash(id);
    (hash ^ (hash >> 32)) % SHARDS
}

fn of_connection(name: &str) -> String {
    format!("connection#{}", escape(name))
}

fn of_run(run: &str) -> String {
    format!("run#{}", escape(run))
}

fn escape(text: &str) -> Cow<'_, str> {
    if text.contains(['%', '#']) {
        Cow::Owned(text.replace('%', "%25").replace('#', "%23"))
    } else {
        Cow::Borrowed(text)
    }
}
