//! The program is killed at random moments, a hundred times in a row, over one data directory: whatever a job was at, the
//! directory ends as the org is.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use okta_sim::{NewUser, Options, Org, Sim};
use rollcall::stack::Stack;
use rollcall_shared::model::Connection;
use serde_json::{Value, json};
use test_support::truth;
use test_support::world::{Setup, document};

use super::{rollcall, run};

const KILLS: usize = 100;
const JOBS: [&str; 3] = ["full-import", "delta-sync", "deprovisioning"];

#[test]
fn killed_a_hundred_times_in_a_row_it_ends_in_the_truth() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options {
        token: "00secret".to_owned(),
        page_size_cap: 10,
        limit_per_minute: 600_000,
        latency: Duration::from_millis(3),
        ..Options::default()
    };
    let org = Org::generate(11, 60, jiff::Timestamp::now());
    let sim = runtime.block_on(Sim::start(org, options)).unwrap();
    let connection = apply(directory, &sim.url());
    let mut random = fastrand::Rng::with_seed(4);
    let (status, _, stderr) = run(directory, &["sync", "acme", "full-import"]);
    assert_eq!(status, 0, "{stderr}");
    let (mut killed, mut ended) = (0, 0);
    while killed < KILLS {
        sim.with(|org| change(org, &mut random));
        let job = random.choice(JOBS).unwrap();
        let mut command = rollcall(directory, &["sync", "acme", job]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(20..300)));
        child.kill().unwrap();
        // Whoever was done before ended by itself.
        let died = child.wait().unwrap().code().is_none();
        (killed, ended) = (killed + usize::from(died), ended + usize::from(!died));
        assert!(ended < 10 * KILLS, "{killed} died at work");
    }
    // What the hundred left unfinished is taken up, and one more of each finds what is left.
    for job in ["full-import", "deprovisioning", "full-import", "delta-sync", "deprovisioning"] {
        let (status, stdout, stderr) = run(directory, &["sync", "acme", job]);
        assert_eq!(status, 0, "{job}: {stdout}\n{stderr}");
    }
    let differences = runtime.block_on(async {
        let stack = Stack::open(&directory.join("data")).await.unwrap();
        let differences = truth::compare(&stack.context, &connection, &sim).await;
        stack.close().await;
        differences
    });
    assert!(differences.is_empty(), "after {killed} kills:\n{}", differences.join("\n"));
}

/// Stores the usual connection, whose guard lets everybody go: nobody is there to approve.
fn apply(directory: &Path, url: &str) -> Connection {
    let setup = Setup { max_deactivations: 1_000_000, ..Setup::default() };
    let document: Value = document(&setup, url);
    std::fs::write(directory.join("c.json"), document.to_string()).unwrap();
    let (status, _, stderr) = run(directory, &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!(status, 0, "{stderr}");
    Connection::parse(&json!(document).to_string()).unwrap()
}

/// Something happens to somebody.
fn change(org: &mut Org, random: &mut fastrand::Rng) {
    let people: Vec<String> = org.users().map(|user| user.id.clone()).collect();
    let somebody = random.choice(&people).unwrap();
    match random.u8(0..8) {
        0 => drop(org.create(NewUser::new("New", "Comer", "new.comer@acme.example").department("Sales"))),
        1 => drop(org.delete(somebody)),
        2 => drop(org.suspend(somebody)),
        3 => drop(org.unsuspend(somebody)),
        4 => drop(org.deactivate(somebody)),
        5 => drop(org.activate(somebody)),
        6 => drop(org.rename(somebody, "Grace", "Hopper")),
        _ => drop(org.move_department(somebody, "Sales")),
    }
}
