//! Following an org: a delta-sync that finds nothing, and log and delta after one in a hundred people changed.

use std::collections::HashSet;
use std::path::Path;

use okta_sim::{Options, Org, Status, User};
use serde_json::{Value, json};
use test_support::lambda::{Function, Usage, environment};

use crate::Failure;
use crate::figures::Report;
use crate::stage::{FIFTEEN_MINUTES, Stage, UNLIMITED};

/// The functions that it measures.
pub(crate) const FUNCTIONS: [&str; 3] = ["full-import", "delta-sync", "deprovisioning"];
pub(crate) const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Imports an org of this size with two mapped groups, and follows it.
pub(crate) async fn run(binaries: &Path, users: usize, report: &mut Report) -> Result<(), Failure> {
    let mut stage = Stage::set(users, Options { limit_per_minute: UNLIMITED, ..Options::default() }).await?;
    let groups = add_groups(&mut stage).await;
    stage.world.later(HOUR);
    let import = stage.import(&binaries.join(FUNCTIONS[0]), FIFTEEN_MINUTES).await?;
    report.add("first import", &import);
    stage.world.later(HOUR);
    let delta = deploy(&stage, binaries, FUNCTIONS[1]).await?;
    let log = deploy(&stage, binaries, FUNCTIONS[2]).await?;
    // The first of each makes connections and reads what lies further back.
    let _ = (invoke(&stage, &delta).await?, invoke(&stage, &log).await?);

    stage.world.later(HOUR);
    let (quiet, used) = invoke(&stage, &delta).await?;
    report.at_most("quiet delta: Okta calls", calls(&quiet), 3.0);
    report.at_most("quiet delta: CPU ms", used.cpu.as_secs_f64() * 1_000.0, 50.0);
    report.at_most("quiet delta: read units", units(&quiet), 150.0);
    let (_, used) = invoke(&stage, &log).await?;
    // Polls share a run, whose report adds up their calls.
    report.at_most("quiet poll: Okta calls", stage.world.sim.calls().len() as f64, 1.0);
    report.at_most("quiet poll: CPU ms", used.cpu.as_secs_f64() * 1_000.0, 50.0);

    stage.world.later(HOUR);
    let churn = stage.world.sim.with(|org| churn(org, &groups, users / 100));
    eprintln!("{churn:?}");
    let (followed, _) = invoke(&stage, &log).await?;
    let pages = stage.world.sim.calls().iter().filter(|call| call.path_and_query.contains("/logs")).count() as f64;
    let allowed = pages + (churn.left + churn.returned + churn.moved) as f64;
    report.at_most("churn, log: Okta calls", calls(&followed), allowed);
    let (changed, _) = invoke(&stage, &delta).await?;
    let listing = stage.world.sim.calls().iter().filter(|call| is_listing(&call.path_and_query)).count() as f64;
    report.at_most("churn, delta: Okta calls", calls(&changed), import.okta_calls as f64 * 0.05 + listing);
    report.at_most("churn, delta: pages of changed groups", listing, groups.pages);
    report.differences("churn", &stage.differences().await);
    Ok(())
}

/// Two mapped groups.
pub(crate) struct Groups {
    admins: String,
    users: String,
    /// Who is in them.
    members: Vec<String>,
    /// How many pages their members fill, with those who join.
    pages: f64,
}

/// Login users by group beside the mapping that admits everyone: one in two hundred people an administrator, one in twenty
/// a user.
pub(crate) async fn add_groups(stage: &mut Stage) -> Groups {
    let shared = stage.world.sim.with(|org| shared_mailboxes(org));
    let has_own = |user: &User| !shared.contains(&user.text("email").unwrap_or_default().trim().to_lowercase());
    let people = stage.world.people(|user| user.status == Status::Active && has_own(user));
    let (admins, users) = (people.len() / 200, people.len() / 20);
    let members = people[..admins + users].to_vec();
    let groups = Groups {
        admins: stage.world.group("Admins", &members[..admins]),
        users: stage.world.group("Users", &members[admins..]),
        members,
        pages: ((admins + users) / 200 + 4) as f64,
    };
    let logins = json!({
        "name": "logins", "source": "users", "target": { "kind": "login_user" }, "identifier": "profile.email",
        "roles": [{ "group": "Admins", "role": "administrator" }, { "group": "Users", "role": "viewer" }],
        "fields": { "email": "profile.email", "title": "profile.title" }
    });
    stage
        .world
        .reconnect(|document| document["mappings"].as_array_mut().into_iter().for_each(|all| all.push(logins.clone())))
        .await;
    groups
}

/// What happened in the org.
#[derive(Debug, Default)]
pub(crate) struct Churn {
    left: usize,
    returned: usize,
    moved: usize,
    edited: usize,
}

/// So many changes: a fifth of them memberships alone, one in twenty a deletion, others leavers, returners and edits.
pub(crate) fn churn(org: &mut Org, groups: &Groups, changes: usize) -> Churn {
    let (mut churn, shared) = (Churn::default(), shared_mailboxes(org));
    let outsiders: Vec<String> = {
        let mut people: Vec<_> = org.users().map(|user| (user.created, user.id.clone(), user.status)).collect();
        people.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        let inside: HashSet<&String> = groups.members.iter().collect();
        people.retain(|(_, id, _)| !inside.contains(id));
        people.into_iter().map(|(_, id, _)| id).collect()
    };
    let mut others = outsiders.into_iter();
    let mut members = groups.members.iter().rev();
    for number in 0..changes {
        match number % 20 {
            0 => churn.left += usize::from(others.next().is_some_and(|id| org.delete(&id))),
            1..=2 => {
                churn.moved += usize::from(members.next().is_some_and(|id| org.remove_from_group(id, &groups.users)))
            }
            3..=4 => churn.moved += usize::from(others.find(|id| joins(org, (id, &groups.admins), &shared)).is_some()),
            5..=8 => churn.left += usize::from(others.next().is_some_and(|id| org.suspend(&id))),
            9..=11 => churn.left += usize::from(others.next().is_some_and(|id| org.deactivate(&id))),
            12..=13 => churn.returned += usize::from(others.find(|id| org.reactivate(id)).is_some()),
            _ => churn.edited += usize::from(others.next().is_some_and(|id| org.rename(&id, "Grace", "Hopper"))),
        }
    }
    churn
}

/// The mailboxes that several people share: they identify none of them.
fn shared_mailboxes(org: &Org) -> HashSet<String> {
    let (mut seen, mut shared) = (HashSet::new(), HashSet::new());
    for mailbox in org.users().filter_map(|user| user.text("email")).map(|mailbox| mailbox.trim().to_lowercase()) {
        if !seen.insert(mailbox.clone()) {
            shared.insert(mailbox);
        }
    }
    shared
}

/// Puts somebody into a group who has a mailbox of their own.
fn joins(org: &mut Org, (id, group): (&str, &str), shared: &HashSet<String>) -> bool {
    let mailbox = org.user(id).and_then(|user| user.text("email")).map(|mailbox| mailbox.trim().to_lowercase());
    mailbox.is_some_and(|mailbox| !shared.contains(&mailbox)) && org.add_to_group(id, group)
}

fn is_listing(path: &str) -> bool {
    path.starts_with("/api/v1/groups/") && path.contains("/users")
}

pub(crate) async fn deploy(stage: &Stage, binaries: &Path, name: &str) -> Result<Function, Failure> {
    Ok(Function::deploy(&binaries.join(name), environment(&stage.world.stack), FIFTEEN_MINUTES).await?)
}

/// Invokes a function for the connection: its run's report, and what this took of the machine.
pub(crate) async fn invoke(stage: &Stage, function: &Function) -> Result<(Value, Usage), Failure> {
    stage.world.sim.clear_calls();
    let before = function.usage();
    let mut answer = function.invoke(json!({ "connection": stage.world.connection.name })).await?;
    let mut used = function.usage();
    used.cpu = used.cpu.saturating_sub(before.cpu);
    match answer["run"]["state"].as_str() {
        Some("succeeded") => Ok((answer["run"].take(), used)),
        _ => Err(format!("the run did not succeed: {answer}\n{}", function.logs()).into()),
    }
}

fn calls(run: &Value) -> f64 {
    run["okta"]["calls"].as_f64().unwrap_or(f64::INFINITY)
}

fn units(run: &Value) -> f64 {
    run["dynamodb"]["read_units"].as_f64().unwrap_or(f64::INFINITY)
}
