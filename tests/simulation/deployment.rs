//! What a storm rages over: a simulated org, an embedded DynamoDB and secrets, a stored connection, and the processes'
//! contexts with the gate before them. All of it lives on the thread of its seed, so that one clock rules it.

use std::time::Duration;

use dynoxide::Database;
use jiff::{SignedDuration, Timestamp};
use okta_sim::{NewUser, Options, Org, Sim};
use rollcall::secrets_endpoint::SecretsEndpoint;
use rollcall::stack;
use rollcall_shared::Context;
use rollcall_shared::model::Connection;
use serde_json::{Value, json};
use test_support::devices::DEVICES;
pub(crate) use test_support::world::{CUSTODIANS, LOGINS, PEOPLE};
use test_support::world::{Setup, document, logins};

use crate::fleet::device;
use crate::gate::{Gate, listen};
use crate::weather::Weather;

/// The connection's name.
pub(crate) const CONNECTION: &str = "acme";

/// The groups that give login users their roles.
pub(crate) const GROUPS: [&str; 2] = ["Admins", "Users"];

/// Where people work; the first two are those of custodians.
pub(crate) const DEPARTMENTS: [&str; 4] = ["Engineering", "Sales", "Legal", "Finance"];

/// What a storm rages over.
pub(crate) struct Deployment {
    pub(crate) sim: Sim,
    pub(crate) gate: Gate,
    pub(crate) database: Database,
    pub(crate) connection: Connection,
    /// The context of who looks on: no gate is before it.
    pub(crate) outside: Context,
    processes: Vec<Context>,
    doors: Vec<String>,
    weather: Weather,
    secrets: SecretsEndpoint,
}

impl Deployment {
    /// Sets everything up.
    pub(crate) async fn new(seed: u64, weather: &Weather) -> Deployment {
        let gate = Gate::new(seed, weather.skews.clone());
        let database = Database::memory().expect("the database opens");
        let listener = listen();
        let dynamodb = listener.local_addr().expect("a listener has an address");
        tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let secrets = SecretsEndpoint::in_memory().await.expect("the secrets are served");

        let before_okta = listen();
        let okta = format!("http://{}", before_okta.local_addr().expect("a listener has an address"));
        let sim = start(seed, weather, &okta).await;
        let behind = sim.url();
        let behind = behind.trim_start_matches("http://").parse().expect("an address with a port");
        gate.door_to_okta(before_okta, behind);

        let config = stack::config(&format!("http://{dynamodb}"), secrets.url(), weather.tuning);
        let outside = Context::new(config).await.expect("the clients can be made");
        outside.directory.create_tables().await.expect("the tables are made");
        let connection = connection(weather, &okta);
        let secret = format!("rollcall/{CONNECTION}");
        outside.secrets.put(&secret, &sim.token()).await.expect("the token is stored");
        outside.directory.put_connection(&connection).await.expect("the connection is stored");

        let doors: Vec<String> =
            (0..weather.processes).map(|process| gate.door_to_dynamodb(process, dynamodb)).collect();
        let mut processes = Vec::new();
        for (process, door) in doors.iter().enumerate() {
            processes.push(context(process, door, secrets.url(), weather).await);
        }
        let weather = weather.clone();
        Deployment { sim, gate, database, connection, outside, processes, doors, weather, secrets }
    }

    /// The context of a process.
    pub(crate) fn process(&self, process: usize) -> Context {
        self.processes[process].clone()
    }

    /// The process died: whoever is started in its place knows nothing of it.
    pub(crate) async fn forget(&mut self, process: usize) {
        let secrets = self.secrets.url();
        self.processes[process] = context(process, &self.doors[process], secrets, &self.weather).await;
    }
}

/// What a process begins with.
async fn context(process: usize, door: &str, secrets: &str, weather: &Weather) -> Context {
    let context = Context::new(stack::config(door, secrets, weather.tuning)).await;
    Context { http: http_client(process), ..context.expect("the clients can be made") }
}

/// Okta's client as the product makes it, but asking from the process's own address.
fn http_client(process: usize) -> reqwest::Client {
    reqwest::Client::builder()
        .local_address(Gate::address(process))
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .expect("the client can be made")
}

/// An org of people who have been there for a while; its clock is off against ours.
async fn start(seed: u64, weather: &Weather, link_base: &str) -> Sim {
    // A whole second, so that whatever shares a second does so in every replay.
    let now = Timestamp::from_second(Timestamp::now().as_second() + weather.okta_skew).expect("a moment");
    let org = settled(seed, weather.people, now);
    let options = Options {
        page_size_cap: weather.page,
        limit_per_minute: 600_000,
        link_base: Some(link_base.to_owned()),
        ..Options::default()
    };
    let sim = Sim::start(org, options).await.expect("the simulator starts");
    sim.with(|org| org.set_now(now));
    sim
}

/// People of all departments, a third of them in groups, some inactive; a fifth came in one second. Half of them have a device.
fn settled(seed: u64, people: usize, now: Timestamp) -> Org {
    let ago = |hours: i64| now.saturating_add(SignedDuration::from_hours(-hours)).expect("a moment");
    let mut org = Org::generate(seed, 0, ago(24 * 400));
    let groups = GROUPS.map(|name| org.create_group(name));
    for number in 0..people {
        let hours = if number % 5 == 3 { 24 * 100 } else { 24 * 300 - (number as i64) * 24 * 2 };
        org.set_now(ago(hours));
        let person = org.create(person(number));
        org.set_now(ago(48));
        for (at, group) in groups.iter().enumerate() {
            if number % 3 == at && number % 2 == 0 {
                assert!(org.add_to_group(&person, group), "somebody new is in no group");
            }
        }
        match number % 13 {
            5 => assert!(org.suspend(&person)),
            9 => assert!(org.deactivate(&person)),
            _ => {}
        }
        if number % 2 == 0 {
            let device = org.enroll_device(&person, device(number / 2)).expect("somebody new enrols a device");
            match number % 14 {
                4 => assert!(org.suspend_device(&device)),
                8 => assert!(org.deactivate_device(&device)),
                _ => {}
            }
        }
    }
    org.generate_policies();
    org.set_now(now);
    org
}

/// Somebody who is called after their number, and nobody else.
pub(crate) fn person(number: usize) -> NewUser {
    let department = DEPARTMENTS[number % DEPARTMENTS.len()];
    let mail = format!("{}@acme.example", name(number));
    NewUser::new(&format!("Person{number}"), "Byron", &mail).department(department).title("Analyst")
}

/// What somebody is called in schedules.
pub(crate) fn name(number: usize) -> String {
    format!("p{number:02}")
}

fn connection(weather: &Weather, okta: &str) -> Connection {
    let setup = Setup {
        max_deactivations: weather.max_deactivations,
        max_deactivations_percent: 0.0,
        connection: CONNECTION.to_owned(),
        ..Setup::default()
    };
    let mut document = document(&setup, okta);
    let mut all: Vec<Value> = document["mappings"].as_array().expect("a list").clone();
    all.push(logins());
    let wanted = weather.mappings.iter().map(|name| all.iter().find(|mapping| mapping["name"] == *name));
    let wanted: Vec<Value> = wanted.flatten().cloned().chain([json!({ "preset": DEVICES })]).collect();
    document["mappings"] = json!(wanted);
    Connection::parse(&document.to_string()).expect("the connection is valid")
}
