//! A world: a simulated org, a stack in memory, a stored connection, and the production handlers on it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use okta_sim::{Options, Org, Sim, Status, User};
use rollcall::stack::{self, Stack};
use rollcall_shared::config::Tuning;
use rollcall_shared::directory::{Acquired, Directory, Secrets};
use rollcall_shared::handlers::changes::{ChangesPage, MOST_CHANGES, changes};
use rollcall_shared::handlers::{Event, Response, delta_sync, deprovisioning, full_import};
pub use rollcall_shared::model::Job;
use rollcall_shared::model::{Connection, FeedEntry, Reason, Record, UnsyncedRow};
use rollcall_shared::report::{Counts, Problem, RunReport, RunState};
use rollcall_shared::{Context, Error};
use serde_json::{Value, json};

use tokio::sync::Mutex;

use crate::calls::Witness;
use crate::truth;
use crate::wire::{Proxy, Wire};

/// The mapping that admits everyone.
pub const PEOPLE: &str = "people";
/// The mapping that admits active people of two departments.
pub const CUSTODIANS: &str = "custodians";

/// A mapping of login users by group.
pub const LOGINS: &str = "logins";
/// A mapping of people of a group, of two departments, who are active.
pub const STAFF: &str = "staff";

/// The embedded DynamoDB wants to see a signature, and believes any.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=local/20261120/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// What a world begins with.
#[derive(Clone)]
pub struct Setup {
    /// Of the org.
    pub seed: u64,
    /// How many people are in the org.
    pub people: usize,
    /// How the simulated Okta behaves.
    pub okta: Options,
    /// The guard's number.
    pub max_deactivations: u64,
    /// The guard's share, in percent.
    pub max_deactivations_percent: f64,
    /// Sizes of the work.
    pub tuning: Tuning,
    /// What stands between the handlers and what they call, if anything.
    pub wire: Option<Wire>,
    /// The connection's name.
    pub connection: String,
    /// The stack to live in; a new one if none.
    pub stack: Option<Arc<Stack>>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            seed: 1,
            people: 60,
            okta: Options { page_size_cap: 7, limit_per_minute: 600_000, ..Options::default() },
            max_deactivations: 20,
            max_deactivations_percent: 2.0,
            tuning: small(),
            wire: None,
            connection: "acme".to_owned(),
            stack: None,
        }
    }
}

/// Sizes so small that a few dozen people cross every seam.
pub fn small() -> Tuning {
    Tuning {
        readers: 3,
        pages_before_split: 2,
        pages_before_sweep: 2,
        pages_per_checkpoint: 1,
        checkpoint_every: Duration::from_secs(2),
    }
}

/// A world.
pub struct World {
    /// The org.
    pub sim: Sim,
    /// What the handlers get.
    pub context: Context,
    /// The stored connection.
    pub connection: Connection,
    /// What the org lives in.
    pub stack: Arc<Stack>,
    setup: Setup,
    dynamodb_url: String,
    witnesses: Mutex<BTreeMap<Job, (Directory, Secrets, Witness)>>,
    _proxies: Vec<Proxy>,
}

impl World {
    /// A world of this many people, otherwise as usual.
    pub async fn of(people: usize) -> World {
        World::new(Setup { people, ..Setup::default() }).await
    }

    /// A world.
    pub async fn new(setup: Setup) -> World {
        let stack = match &setup.stack {
            Some(stack) => Arc::clone(stack),
            None => Arc::new(Stack::in_memory().await.expect("the stack starts")),
        };
        let mut proxies = Vec::new();
        let (mut okta, mut dynamodb_url) = (setup.okta.clone(), stack.dynamodb_url().to_owned());
        let org = Org::generate(setup.seed, setup.people, Timestamp::now());
        let sim = if let Some(wire) = &setup.wire {
            let before_okta = Proxy::listen(wire).await;
            okta.link_base = Some(before_okta.url().to_owned());
            let sim = Sim::start(org, okta).await.expect("the simulator starts");
            before_okta.lead_to(&sim.url());
            let before_dynamodb = Proxy::listen(wire).await;
            before_dynamodb.lead_to(&dynamodb_url);
            before_dynamodb.url().clone_into(&mut dynamodb_url);
            proxies.extend([before_okta, before_dynamodb]);
            sim
        } else {
            Sim::start(org, okta).await.expect("the simulator starts")
        };
        let url = proxies.first().map_or_else(|| sim.url(), |proxy| proxy.url().to_owned());
        let connection = store(&stack, &setup, &sim, &document(&setup, &url)).await;
        let context = process(&setup, &dynamodb_url, stack.secrets_url()).await;
        let witnesses = Mutex::default();
        World { sim, context, connection, stack, setup, dynamodb_url, witnesses, _proxies: proxies }
    }

    /// The context of a process that knows nothing of those before it.
    pub async fn new_process(&self) -> Context {
        process(&self.setup, &self.dynamodb_url, self.stack.secrets_url()).await
    }

    /// What the handlers get, as a job's function calls AWS with it: in the presence of a witness, where there is one.
    pub async fn context_of(&self, job: Job) -> Context {
        let context = self.context.clone();
        let Some(mut witness) = Witness::of(job.name()) else { return context };
        let mut witnesses = self.witnesses.lock().await;
        let (directory, secrets, _) = match witnesses.entry(job) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(free) => {
                let dynamodb = witness.before(&self.dynamodb_url).await;
                let secrets = witness.before(self.stack.secrets_url()).await;
                let seen = process(&self.setup, &dynamodb, &secrets).await;
                free.insert((seen.directory, seen.secrets, witness))
            }
        };
        Context { directory: directory.clone(), secrets: secrets.clone(), ..context }
    }

    /// Runs the full import; panics where no run could be opened.
    pub async fn import(&self) -> RunReport {
        // In a debug build every place that awaits a future has room for it on the stack, and a handler's is large.
        Box::pin(import(&self.context_of(Job::FullImport).await, &self.connection.name)).await.expect("a run is opened")
    }

    /// Runs the delta-sync; panics where no run could be opened.
    pub async fn delta(&self) -> RunReport {
        delta(&self.context_of(Job::DeltaSync).await, &self.connection.name).await.expect("a run is opened")
    }

    /// Runs deprovisioning; panics where no run could be opened.
    pub async fn deprovision(&self) -> RunReport {
        deprovision(&self.context_of(Job::Deprovisioning).await, &self.connection.name).await.expect("a run is opened")
    }

    /// Runs the full import until it has ended: what a schedule does over the days.
    pub async fn import_to_the_end(&self) -> RunReport {
        let mut report = self.import().await;
        for _ in 0..10 {
            if report.ended.is_some() && report.problem.is_none() {
                break;
            }
            report = self.import().await;
        }
        report
    }

    /// Stores the connection anew, changed.
    pub async fn reconnect(&mut self, change: impl FnOnce(&mut Value)) {
        let mut document = self.connection.document();
        change(&mut document);
        self.connection = Connection::parse(&document.to_string()).expect("the changed connection is valid");
        self.stack.context.directory.put_connection(&self.connection).await.expect("the connection is stored");
    }

    /// Stores the connection anew, with these mappings as an operator would write them.
    pub async fn map(&mut self, mappings: Value) {
        self.reconnect(|document| document["mappings"] = mappings).await;
    }

    /// Another connection to the same org, with a credential and mappings of its own.
    pub async fn beside(&self, name: &str, mappings: Value) -> World {
        let setup = Setup { connection: name.to_owned(), ..self.setup.clone() };
        let mut document = document(&setup, self.connection.okta.url.as_str());
        document["mappings"] = mappings;
        let connection = store(&self.stack, &setup, &self.sim, &document).await;
        let context = process(&setup, &self.dynamodb_url, self.stack.secrets_url()).await;
        let (sim, stack, dynamodb_url) = (self.sim.clone(), Arc::clone(&self.stack), self.dynamodb_url.clone());
        let witnesses = Mutex::default();
        World { sim, context, connection, stack, setup, dynamodb_url, witnesses, _proxies: Vec::new() }
    }

    /// Runs an import that has to succeed, to add up and to leave the directory true.
    pub async fn imported(&self) -> RunReport {
        let report = self.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
        assert!(report.mappings.values().all(Counts::add_up), "{report:?}");
        self.assert_true().await;
        report
    }

    /// One record.
    pub async fn record(&self, mapping: &str, id: &str) -> Option<Record> {
        let found = self.stack.context.directory.record(&self.connection.name, mapping, id).await;
        found.expect("the record can be read")
    }

    /// Why one record is inactive; `None` when it is active. Panics where there is no record.
    pub async fn standing(&self, mapping: &str, id: &str) -> Option<Reason> {
        self.record(mapping, id).await.unwrap_or_else(|| panic!("{id} has no record in {mapping}")).reason
    }

    /// All records of a mapping, by id.
    pub async fn records(&self, mapping: &str) -> BTreeMap<String, Record> {
        let records = self.stack.context.directory.records(&self.connection.name, mapping);
        let records: Vec<Record> = records.try_collect().await.expect("the records can be read");
        records.into_iter().map(|record| (record.id.clone(), record)).collect()
    }

    /// All records of all mappings.
    pub async fn directory(&self) -> Vec<BTreeMap<String, Record>> {
        vec![self.records(PEOPLE).await, self.records(CUSTODIANS).await]
    }

    /// The unsynced rows, by mapping and id.
    pub async fn unsynced(&self) -> Vec<UnsyncedRow> {
        let rows = self.stack.context.directory.unsynced(&self.connection.name);
        let mut rows: Vec<UnsyncedRow> = rows.try_collect().await.expect("the unsynced rows can be read");
        rows.sort_by(|one, other| (&one.mapping, &one.id).cmp(&(&other.mapping, &other.id)));
        rows
    }

    /// Who waits in the hold, by mapping and id.
    pub async fn held(&self) -> Vec<(String, String)> {
        let held = self.stack.context.directory.held(&self.connection.name);
        let held: Vec<_> = held.try_collect().await.expect("the hold can be read");
        let mut held: Vec<_> = held.into_iter().map(|entry| (entry.mapping, entry.change.id)).collect();
        held.sort();
        held
    }

    /// What the feed tells after a cursor, or from its beginning; and where it goes on.
    pub async fn changes(&self, since: Option<&str>) -> (Vec<FeedEntry>, String) {
        let changes = changes(&self.stack.context, &self.connection.name, since, MOST_CHANGES).await;
        let ChangesPage { items, next } = changes.expect("the feed can be read");
        (items, next)
    }

    /// Panics unless the directory says what the org does.
    pub async fn assert_true(&self) {
        let differences = truth::compare(&self.stack.context, &self.connection, &self.sim).await;
        assert!(differences.is_empty(), "the directory differs from the org:\n{}", differences.join("\n"));
    }

    /// Makes a group of these people; its id.
    pub fn group(&self, name: &str, people: &[String]) -> String {
        self.sim.with(|org| {
            let group = org.create_group(name);
            for person in people {
                assert!(org.add_to_group(person, &group), "{person} joins {name}");
            }
            group
        })
    }

    /// The ids of the stored members of a group.
    pub async fn members(&self, group: &str) -> BTreeSet<String> {
        let members = self.stack.context.directory.members(&self.connection.name, group);
        members.try_collect().await.expect("the memberships can be read")
    }

    /// How many people are in the org.
    pub fn headcount(&self) -> u64 {
        self.sim.with(|org| org.len()) as u64
    }

    /// Moves the org's clock on, as if so much time had passed there.
    pub fn later(&self, by: Duration) {
        self.sim.with(|org| org.set_now(org.now() + by));
    }

    /// The ids of people of a kind, in the order of their creation.
    pub fn people(&self, wanted: impl Fn(&User) -> bool) -> Vec<String> {
        self.sim.with(|org| {
            let mut found: Vec<_> =
                org.users().filter(|user| wanted(user)).map(|u| (u.created, u.id.clone())).collect();
            found.sort();
            found.into_iter().map(|(_, id)| id).collect()
        })
    }

    /// The ids of active people.
    pub fn active(&self) -> Vec<String> {
        self.people(|user| user.status == Status::Active)
    }

    /// Makes the run that polls share an hour older, so that the next poll begins another.
    pub async fn age_the_shared_run(&self) {
        let (directory, name) = (&self.stack.context.directory, &self.connection.name);
        let mut position = directory.log_position(name).await.expect("the position can be read");
        let polls = position.polls.as_mut().expect("polls share a run");
        polls.began = polls.began.before(Duration::from_secs(3_600));
        let lease = directory.acquire(name, Job::Deprovisioning, "aging").await.expect("the lease can be asked for");
        let Acquired::New(lease) = lease else { panic!("deprovisioning is at work") };
        directory.put_log_position(&lease, &position).await.expect("the position can be stored");
        lease.finish().await.expect("the lease can be given back");
    }

    /// Lets the lease of a job lapse, as if its holder had been dead for long enough.
    pub async fn let_the_lease_lapse(&self, job: Job) {
        self.set_on_the_lease(job, "expires_at", 0).await;
    }

    /// Makes the last try of a job one of so long ago.
    pub async fn let_the_last_try_be(&self, job: Job, ago: Duration) {
        let at = Timestamp::now().as_millisecond() - i64::try_from(ago.as_millis()).expect("a span of this world");
        self.set_on_the_lease(job, "acquired_at", at).await;
    }

    async fn set_on_the_lease(&self, job: Job, attribute: &str, value: i64) {
        let (pk, sk) = (format!("connection#{}", self.connection.name), format!("lease#{}", job.name()));
        let value = json!({ "N": value.to_string() });
        let text = self.set((&pk, &sk), "attribute_exists(pk)", (attribute, value)).await;
        // A process that died early never had the lease.
        assert!(text == "{}" || text.contains("ConditionalCheckFailed"), "the lease was not changed: {text}");
    }

    /// Breaks the stored document of the connection, as somebody may who edits it in the console.
    pub async fn break_the_document(&self) {
        let (name, nonsense) = (&self.connection.name, json!({ "S": "no connection" }));
        let text = self.set(("connections", name), "attribute_exists(pk)", ("document", nonsense)).await;
        assert_eq!(text, "{}");
    }

    /// Breaks what is remembered of the connection.
    pub async fn break_the_state(&self) {
        let (pk, nonsense) = (format!("connection#{}", self.connection.name), json!({ "S": "no number" }));
        let text = self.set((&pk, "state"), "attribute_not_exists(nothing)", ("revision", nonsense)).await;
        assert_eq!(text, "{}");
    }

    /// Notes that a claim may have come free, as whoever lets go of it does.
    pub async fn wake(&self, mapping: &str, claim: &str) {
        let (pk, sk) = (format!("wakes#{}", self.connection.name), format!("{mapping}#{claim}"));
        for (attribute, value) in [("mapping", mapping), ("claim", claim), ("at", "2026-11-20T10:00:00.000Z")] {
            let text =
                self.set((&pk, &sk), "attribute_not_exists(#attribute)", (attribute, json!({ "S": value }))).await;
            assert_eq!(text, "{}", "the wake is noted");
        }
    }

    /// The keys of everything that is kept of the connection, of either table.
    pub async fn kept(&self) -> Vec<(String, String)> {
        let name = &self.connection.name;
        let tables = stack::tables();
        let mut kept = Vec::new();
        for table in [tables.directory, tables.state] {
            let mut from = Value::Null;
            loop {
                let mut scan = json!({ "TableName": table, "ProjectionExpression": "pk, sk" });
                if !from.is_null() {
                    scan["ExclusiveStartKey"] = from;
                }
                let page = self.dynamodb("Scan", &scan).await;
                let page: Value = serde_json::from_str(&page).expect("the table can be scanned");
                let text = |item: &Value, key: &str| item[key]["S"].as_str().unwrap_or_default().to_owned();
                let items = page["Items"].as_array().expect("a list of items");
                kept.extend(items.iter().map(|item| (text(item, "pk"), text(item, "sk"))));
                from = page["LastEvaluatedKey"].clone();
                if from.is_null() {
                    break;
                }
            }
        }
        kept.retain(|(pk, sk)| pk.split('#').any(|part| part == name) || (pk == "connections" && sk == name));
        kept.sort();
        kept
    }

    /// Sets an attribute of an item of the state table.
    async fn set(&self, (pk, sk): (&str, &str), condition: &str, (attribute, value): (&str, Value)) -> String {
        let update = json!({
            "TableName": stack::tables().state,
            "Key": { "pk": { "S": pk }, "sk": { "S": sk } },
            "UpdateExpression": "SET #attribute = :value",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": { "#attribute": attribute },
            "ExpressionAttributeValues": { ":value": value },
        });
        self.dynamodb("UpdateItem", &update).await
    }

    async fn dynamodb(&self, operation: &str, body: &Value) -> String {
        let answer = reqwest::Client::new()
            .post(self.stack.dynamodb_url())
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20261120T100000Z")
            .header("authorization", SIGNATURE)
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string());
        let answer = answer.send().await.expect("the embedded DynamoDB answers");
        answer.text().await.expect("the answer is whole")
    }
}

/// Runs the full import of a connection.
///
/// # Errors
/// Where no run could be opened, or its report could not be stored.
pub async fn import(context: &Context, connection: &str) -> Result<RunReport, Error> {
    Ok(run(full_import::handle(context, event(connection)).await?))
}

/// Runs the delta-sync of a connection.
///
/// # Errors
/// Where no run could be opened, or its report could not be stored.
pub async fn delta(context: &Context, connection: &str) -> Result<RunReport, Error> {
    Ok(run(delta_sync::handle(context, event(connection)).await?))
}

/// Runs deprovisioning of a connection.
///
/// # Errors
/// Where no run could be opened, or its report could not be stored.
pub async fn deprovision(context: &Context, connection: &str) -> Result<RunReport, Error> {
    Ok(run(Box::pin(deprovisioning::handle(context, event(connection))).await?))
}

fn event(connection: &str) -> Event {
    Event { connection: Some(connection.to_owned()), ..Event::default() }
}

fn run(response: Response) -> RunReport {
    match response {
        Response::Run(report) => *report,
        Response::Started(_) => panic!("an event with a connection starts no others"),
    }
}

/// The counts of a mapping.
pub fn counts(report: &RunReport, mapping: &str) -> Counts {
    report.mappings.get(mapping).copied().unwrap_or_default()
}

/// The kind of a run's problem: `held`, `blind`, …; empty without one.
pub fn problem(report: &RunReport) -> &str {
    let kind = report.problem.as_ref().map_or("", |Problem { kind, .. }| kind.as_str());
    kind.rsplit(':').next().unwrap_or_default()
}

/// Panics unless every object read is in exactly one bucket of every mapping.
pub fn assert_adds_up(report: &RunReport, read: u64) {
    for (mapping, counts) in &report.mappings {
        assert!(counts.add_up(), "{mapping}: {counts:?}");
        assert_eq!(counts.read, read, "{mapping}: {counts:?}");
    }
}

/// The connection of the tests, as an operator would write it.
pub fn document(setup: &Setup, url: &str) -> Value {
    json!({
        "name": setup.connection,
        "okta": { "url": url, "auth": { "kind": "api_token", "secret": format!("rollcall/{}", setup.connection) } },
        "rate_budget_percent": 100,
        "guard": {
            "max_deactivations": setup.max_deactivations,
            "max_deactivations_percent": setup.max_deactivations_percent
        },
        "mappings": [
            {
                "name": PEOPLE,
                "source": "users",
                "target": { "kind": "record", "entity": "Person", "collection": "Okta" },
                "identifier": "profile.login",
                "fields": {
                    "name": "join(' ', [profile.firstName, profile.lastName][?@])",
                    "email": "profile.email",
                    "department": "profile.department",
                    "desk": "profile.deskNumber",
                    "share": "profile.fullTimeShare",
                    "skills": "profile.skills"
                }
            },
            {
                "name": CUSTODIANS,
                "source": "users",
                "target": { "kind": "record", "entity": "Custodian", "collection": "Okta users" },
                "filter": { "departments": ["Engineering", "Sales"], "statuses": ["ACTIVE"] },
                "identifier": "id",
                "fields": { "name": "profile.displayName", "title": "profile.title" }
            }
        ]
    })
}

/// The mapping of login users by group, the first match giving the role.
pub fn logins() -> Value {
    json!({
        "name": LOGINS,
        "source": "users",
        "target": { "kind": "login_user" },
        "identifier": "profile.email",
        "roles": [{ "group": "Admins", "role": "administrator" }, { "group": "Users", "role": "viewer" }],
        "fields": { "email": "profile.email", "title": "profile.title" }
    })
}

/// Stores a connection and its token.
async fn store(stack: &Stack, setup: &Setup, sim: &Sim, document: &Value) -> Connection {
    let connection = Connection::parse(&document.to_string()).expect("the test's connection is valid");
    let secret = format!("rollcall/{}", setup.connection);
    stack.context.secrets.put(&secret, &sim.token()).await.expect("the token is stored");
    stack.context.directory.put_connection(&connection).await.expect("the connection is stored");
    connection
}

async fn process(setup: &Setup, dynamodb: &str, secrets: &str) -> Context {
    let config = stack::config(dynamodb, secrets, setup.tuning);
    Context::new(config).await.expect("the clients can be made")
}
