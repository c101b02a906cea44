//! Where the story takes place: a simulated org, a stack in memory, and who is who.

use std::collections::BTreeMap;

use okta_sim::{NewUser, Options, Org, Sim, Status};
use rollcall::stack::Stack;
use rollcall_shared::model::{Connection, Reason};
use rollcall_shared::report::Problem;

use crate::cli::DemoArguments;
use crate::commands::apply;
use crate::failure::{self, Failure};

/// The connection's document; the simulated org's URL takes the place of the one in it.
const DOCUMENT: &str = include_str!("connection.json");
const DOCUMENT_URL: &str = "https://acme.okta.com";

/// The scene, and what the story did to people that the org no longer shows.
pub(super) struct Scene {
    pub(super) sim: Sim,
    pub(super) stack: Stack,
    pub(super) connection: Connection,
    /// Works in Finance, for now.
    pub(super) ada: String,
    /// Will be deleted.
    pub(super) charles: String,
    /// Records, by mapping and id, that the org says nothing of any more, and what they should be.
    pub(super) gone: BTreeMap<(String, String), Reason>,
}

impl Scene {
    /// An org that arrives in no directory yet, and a stored connection to it.
    pub(super) async fn set(arguments: &DemoArguments) -> Result<Scene, Failure> {
        let users = usize::try_from(arguments.users).unwrap_or(usize::MAX);
        let mut org = Org::generate(arguments.seed, users.saturating_sub(2), jiff::Timestamp::now());
        let person = |first: &str, last: &str, email: &str| NewUser::new(first, last, email).department("Finance");
        let ada = org.create(person("Ada", "Byron", "ada@acme.example").title("Analyst"));
        // Half of them have registered a device.
        org.generate_devices(users / 2);
        org.generate_policies();
        let charles = org.create(person("Charles", "Babbage", "charles@acme.example").title("Engineer"));
        // A real org allows 600 calls a minute, and Rollcall takes its time accordingly; the story need not.
        let options = Options { limit_per_minute: 60_000, ..Options::default() };
        let sim = Sim::start(org, options).await?;
        let document = DOCUMENT.replace(DOCUMENT_URL, &sim.url());
        let connection = Connection::parse(&document).map_err(|faults| Failure::faults("the demo's own", faults))?;
        let stack = Stack::in_memory().await?;
        apply::store(&stack.context, &connection, Some(&sim.token())).await?;
        Ok(Scene { sim, stack, connection, ada, charles, gone: BTreeMap::new() })
    }

    /// The connection's document as it was applied.
    pub(super) fn document(&self) -> String {
        DOCUMENT.replace(DOCUMENT_URL, &self.sim.url())
    }

    /// So many people who are active, the two that the story names aside.
    pub(super) fn some_active(&self, count: usize) -> Result<Vec<String>, Failure> {
        let named = [&self.ada, &self.charles];
        let mut ids: Vec<String> = self.sim.with(|org| {
            let active = org.users().filter(|user| user.status == Status::Active && !named.contains(&&user.id));
            active.map(|user| user.id.clone()).collect()
        });
        ids.sort_unstable();
        ids.truncate(count);
        if ids.len() < count {
            let problem = Problem::new("demo", "The org is too small", "Too few people are active in the org.", "");
            return Err(Failure::new(failure::Status::Failed, problem));
        }
        Ok(ids)
    }

    /// Takes everything away.
    pub(super) async fn end(self) {
        drop(self.sim);
        self.stack.close().await;
    }
}
