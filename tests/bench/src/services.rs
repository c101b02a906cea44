//! Services: a first discovery, one that finds nothing changed, and one that finds new sign-ons.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use okta_sim::{NewApp, Options};
use serde_json::Value;
use test_support::lambda::{Function, environment};
use test_support::services::{SERVICES, aged, compare, is_service};

use crate::Failure;
use crate::figures::{Figures, Report};
use crate::following::invoke;
use crate::stage::{FIFTEEN_MINUTES, Stage, UNLIMITED};

/// The function that it measures.
pub(crate) const FUNCTION: &str = "service-discovery";
/// What Okta gives on a page at most.
const APPS_A_PAGE: usize = 200;
const PEOPLE_A_PAGE: usize = 500;
const GROUPS_A_PAGE: usize = 200;
const EVENTS_A_PAGE: usize = 1_000;
/// What a function of 128 MB may use at most.
const MEMORY_MIB: f64 = 128.0;
/// Sign-ons that are new to the last run.
const NEW_SIGN_ONS: usize = 2_500;

/// The org that is discovered.
#[derive(Debug, Clone, Args)]
pub(crate) struct Org {
    /// How many applications.
    #[arg(long, default_value_t = 500)]
    apps: usize,
    /// How many assignments, a fifth of them in one application that everybody has.
    #[arg(long, default_value_t = 100_000)]
    assignments: usize,
    /// How many sign-ons in Okta's log, over 89 days.
    #[arg(long, default_value_t = 1_000_000)]
    sign_ons: usize,
}

/// Discovers the services of an org.
pub(crate) async fn run(binaries: &Path, org: &Org, report: &mut Report) -> Result<(), Failure> {
    let options = Options { limit_per_minute: UNLIMITED, page_size_cap: EVENTS_A_PAGE, ..Options::default() };
    let mut stage = Stage::set(org.assignments / 5, options).await?;
    stage.world.map(serde_json::json!([{ "preset": SERVICES }])).await;
    let apps = furnish(&stage, org);
    let began = stage.world.sim.with(|org| org.now());
    for (what, sign_ons) in [("first", org.sign_ons), ("nothing new", 0), ("new sign-ons", NEW_SIGN_ONS)] {
        if what == "new sign-ons" {
            use_again(&stage, &apps, sign_ons)?;
        }
        let function =
            Function::deploy(&binaries.join(FUNCTION), environment(&stage.world.stack), FIFTEEN_MINUTES).await?;
        let started = Instant::now();
        let (run, usage) = invoke(&stage, &function).await?;
        let figures = Figures::new(&run, (started.elapsed(), 0), usage);
        report.add(what, &figures);
        let log_pages = stage.world.sim.calls().iter().filter(|call| call.path().starts_with("/api/v1/logs")).count();
        // The last page, without events, says that it was the last.
        let pages = sign_ons.div_ceil(EVENTS_A_PAGE) + 1;
        report.at_most(&format!("{what}: pages of the log"), log_pages as f64, pages as f64);
        let is_first = what == "first";
        let allowed = pages + stage.world.sim.with(|org| lists(org, is_first));
        report.at_most(&format!("{what}: Okta calls"), figures.okta_calls as f64, allowed as f64);
        report.at_most(&format!("{what}: peak memory, MiB"), figures.peak_rss_mib, MEMORY_MIB);
        if what == "nothing new" {
            let allowed = stage.world.sim.with(|org| aged(org, began));
            report.at_most(
                &format!("{what}: records written, of those that time changed"),
                written(&run),
                allowed as f64,
            );
        }
        report.differences(what, &compare(&stage.world, began).await);
    }
    Ok(())
}

/// Adds the applications and who is assigned: one to everybody, the others to groups of equal size, and one to nobody.
/// Gives those with people.
fn furnish(stage: &Stage, org: &Org) -> Vec<String> {
    let everybody = stage.world.people(|_| true);
    let share = (org.assignments - everybody.len()) / org.apps.saturating_sub(2).max(1);
    stage.world.sim.with(|sim| {
        let teams: Vec<String> = everybody
            .chunks(share.max(1))
            .take(50)
            .enumerate()
            .map(|(number, people)| {
                let team = sim.create_group(&format!("Team {number}"));
                for person in people {
                    sim.add_to_group(person, &team);
                }
                team
            })
            .collect();
        let mut apps: Vec<String> =
            (0..org.apps).map(|number| sim.create_app(NewApp::new("bookmark", &format!("App {number}")))).collect();
        let everyone = sim.everyone().to_owned();
        let groups = std::iter::once(&everyone).chain(teams.iter().cycle());
        apps.pop();
        for (app, group) in apps.iter().zip(groups) {
            sim.assign_group(group, app);
        }
        sim.generate_sign_ons(org.sign_ons);
        // What was set up is there for long.
        sim.set_now(sim.now() + std::time::Duration::from_secs(3_600));
        apps
    })
}

/// So many sign-ons, of people to what they have.
fn use_again(stage: &Stage, apps: &[String], count: usize) -> Result<(), Failure> {
    stage.world.sim.with(|org| {
        let first = apps.first().and_then(|app| org.app(app)).ok_or("there is no application")?;
        let people: Vec<String> = org.assignments(first).map(|assigned| assigned.user.id.clone()).collect();
        let mut left = count;
        for person in people.iter().cycle().take(people.len() * 100) {
            if left > 0 && org.sign_on(person, &apps[0]) {
                left -= 1;
            }
        }
        if left == 0 { Ok(()) } else { Err(Failure::from("nobody signs on")) }
    })
}

/// The calls that lists take: applications twice, before the log to know what to leave out of it; and of each service its
/// people and its groups. An empty list that is news is asked for again, with a look at the application in between.
fn lists(org: &okta_sim::Org, is_first: bool) -> usize {
    let services = org.apps().iter().filter(|app| is_service(app));
    let of_services = services.map(|app| {
        let people = org.assignments(app).count();
        // At most one group is assigned to an application here.
        let groups = usize::from(people > 0);
        let again = if is_first && people == 0 { 4 } else { 0 };
        people.div_ceil(PEOPLE_A_PAGE).max(1) + groups.div_ceil(GROUPS_A_PAGE).max(1) + again
    });
    // And who the org is.
    2 * org.apps().len().div_ceil(APPS_A_PAGE) + of_services.sum::<usize>() + 1
}

/// How many records a run wrote.
fn written(run: &Value) -> f64 {
    let counts = &run["mappings"][SERVICES];
    ["created", "updated", "deactivated", "reactivated"].iter().filter_map(|bucket| counts[bucket].as_f64()).sum()
}
