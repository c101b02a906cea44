//! `serve` as a process: schedules are kept, other commands go through it, and it ends in order or is killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use okta_sim::{Options, Org, Sim};
use rollcall::embedded::Embedded;
use rollcall::stack;
use rollcall_shared::Context;
use rollcall_shared::config::Tuning;
use rollcall_shared::model::{Job, LastTry};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const ACME: &str = "acme";

/// An org, and a data directory with a connection to it.
struct Place {
    directory: tempfile::TempDir,
    sim: Sim,
}

impl Place {
    /// An org of this many people, a page of which takes so long, and a connection with these schedules.
    async fn new((people, page): (usize, Duration), schedules: Value) -> Place {
        let options = Options { limit_per_minute: 60_000, page_size_cap: 5, latency: page, ..Options::default() };
        let sim = Sim::start(Org::generate(1, people, jiff::Timestamp::now()), options).await.unwrap();
        let place = Place { directory: tempfile::tempdir().unwrap(), sim };
        assert_eq!(place.apply(ACME, schedules).await.0, 0);
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::from(super::rollcall(self.directory.path(), arguments));
        command.env("TOKEN", self.sim.token()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    async fn apply(&self, name: &str, schedules: Value) -> (i32, String, String) {
        let mut document = super::connection();
        document["name"] = json!(name);
        document["okta"]["url"] = json!(self.sim.url());
        document["schedules"] = schedules;
        document["schedules"]["deprovisioning"] = json!("off");
        let file = format!("{name}.json");
        std::fs::write(self.directory.path().join(&file), document.to_string()).unwrap();
        self.run(&["apply", &file, "--token-env", "TOKEN"]).await
    }

    /// The newest run of the job, as another command tells it.
    async fn newest(&self, job: &str) -> Option<Value> {
        let (status, stdout, stderr) = self.run(&["runs", ACME, "--json"]).await;
        assert_eq!(status, 0, "{stderr}");
        let mut runs = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        runs.find(|run| run["job"] == job)
    }

    /// Waits until an import is at work, some of it done and checkpointed.
    async fn import_at_work(&self) -> Value {
        let began = Instant::now();
        loop {
            match self.newest("full-import").await {
                Some(run) if run["state"] == "running" && run["progress"]["done"] != 0 => return run,
                run => assert!(began.elapsed() < Duration::from_secs(30), "no import is at work: {run:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What is known of the last try of the import, once nobody has the data directory.
    async fn last_try(&self) -> LastTry {
        let dynamodb = Embedded::open(&self.data().join("dynamodb.sqlite")).unwrap();
        let config = stack::config(dynamodb.url(), "http://127.0.0.1:1", Tuning::default());
        let context = Context::new(config).await.unwrap();
        let last_try = context.directory.last_try(ACME, Job::FullImport).await.unwrap();
        drop(context);
        dynamodb.close().await;
        last_try
    }

    async fn serve(&self, more: &[&str]) -> Serve {
        let arguments = [&["serve", "--port", "0", "--tick", "200", "--json"], more].concat();
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let reports = BufReader::new(child.stdout.take().unwrap()).lines();
        let serve = Serve { child, reports };
        let began = Instant::now();
        while !self.data().join("serve.json").exists() {
            assert!(began.elapsed() < Duration::from_secs(30), "it does not serve");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        serve
    }
}

/// A process that serves.
struct Serve {
    child: Child,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Serve {
    /// The next report of a job that it prints.
    async fn report(&mut self, job: &str) -> Value {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.reports.next_line()).await;
            let line = next.expect("a report within half a minute").unwrap().expect("it goes on serving");
            let report: Value = serde_json::from_str(&line).unwrap();
            if report["job"] == job {
                return report;
            }
        }
    }

    /// Sends a signal and waits for the end; with what was said on stderr.
    async fn end(mut self, signal: &str) -> (ExitStatus, String) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await.unwrap();
        assert!(sent.success());
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        (ended.expect("it ends within the time that it states").unwrap(), stderr)
    }
}

fn has_lines(text: &str, count: usize) {
    assert_eq!(text.lines().count(), count, "{text}");
}

/// Answers to a request of `/health` at the address that a private file names.
async fn health(directory: &Path) -> String {
    let file = std::fs::read_to_string(directory.join("serve.json")).unwrap();
    let told: Value = serde_json::from_str(&file).unwrap();
    let authority = told["http"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(&authority).await.unwrap();
    let request = format!("GET /health HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_is_run_and_other_commands_go_through() {
    let place = Place::new((12, Duration::ZERO), json!({ "full-import": "rate(1 minute)", "delta-sync": "off" })).await;
    let mut serve = place.serve(&[]).await;
    let report = serve.report("full-import").await;
    assert_eq!((&report["state"], &report["mappings"]["staff"]["created"]), (&json!("succeeded"), &json!(12)));

    assert!(health(&place.data()).await.starts_with("HTTP/1.1 200"));
    let (status, csv, stderr) = place.run(&["list", ACME, "staff", "--format", "csv"]).await;
    assert_eq!(status, 0, "{stderr}");
    has_lines(&csv, 13);
    // A connection that is stored meanwhile: the first time that its delta is due brings the import, and the delta follows.
    let schedules = json!({ "full-import": "off", "delta-sync": "rate(1 minute)" });
    assert_eq!(place.apply("beta", schedules).await.0, 0);
    let (mut delta, mut import) = (Value::Null, Value::Null);
    while delta.is_null() || import.is_null() {
        let line = serve.reports.next_line().await.unwrap().unwrap();
        let report: Value = serde_json::from_str(&line).unwrap();
        match report["job"].as_str() {
            Some("delta-sync") => delta = report,
            Some("full-import") if report["connection"] == "beta" => import = report,
            _ => {}
        }
    }
    assert_eq!((&delta["state"], &delta["connection"]), (&json!("succeeded"), &json!("beta")));
    assert_eq!(import["state"], "succeeded", "{import}");

    let (status, _, stderr) = place.run(&["serve", "--port", "0"]).await;
    assert_eq!(status, 1);
    assert!(stderr.contains("owns"), "{stderr}");
    let (status, said) = serve.end("-TERM").await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("aws dynamodb scan"), "{said}");
    assert!(!place.data().join("serve.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_schedules_nothing_is_run_by_itself() {
    let schedules = json!({ "full-import": "rate(1 minute)", "delta-sync": "rate(1 minute)" });
    let place = Place::new((5, Duration::ZERO), schedules).await;
    let serve = place.serve(&["--no-schedules"]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(place.newest("full-import").await, None);
    let (status, stdout, stderr) = place.run(&["sync", ACME, "full-import", "--json"]).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert_eq!(serve.end("-INT").await.0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_joins_the_run_that_is_at_work() {
    let schedules = json!({ "full-import": "rate(1 minute)", "delta-sync": "off" });
    let place = Place::new((60, Duration::from_millis(300)), schedules).await;
    let mut serve = place.serve(&[]).await;
    let at_work = place.import_at_work().await;
    let (status, stdout, stderr) = place.run(&["sync", ACME, "full-import", "--json"]).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&report["run"], &report["state"]), (&at_work["run"], &json!("succeeded")));
    assert_eq!((&report["invocations"], &report["mappings"]["staff"]["created"]), (&json!(1), &json!(60)));
    assert_eq!(serve.report("full-import").await["run"], report["run"]);
    serve.end("-TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_comes_to_a_checkpoint_before_the_end_and_no_lease_is_left() {
    let schedules = json!({ "full-import": "rate(1 minute)", "delta-sync": "off" });
    let place = Place::new((100, Duration::from_millis(300)), schedules).await;
    let serve = place.serve(&[]).await;
    let at_work = place.import_at_work().await;
    let began = Instant::now();
    let (status, said) = serve.end("-TERM").await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("1 run may come to a checkpoint"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(9), "it was not asked to stop");

    let last_try = place.last_try().await;
    assert_eq!(last_try.unfinished.as_deref(), at_work["run"].as_str());
    assert!(!last_try.is_at_work(rollcall_shared::clock::now()), "{last_try:?}");
    assert_eq!(last_try.failures, 0, "a run that was asked to stop did not fail");
    let (status, stdout, stderr) = place.run(&["sync", ACME, "full-import", "--json"]).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&report["run"], &report["invocations"]), (&at_work["run"], &json!(2)));
    assert_eq!(report["mappings"]["staff"]["created"], 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_killed_is_followed_by_the_next() {
    let schedules = json!({ "full-import": "rate(1 minute)", "delta-sync": "off" });
    let place = Place::new((60, Duration::from_millis(200)), schedules).await;
    let serve = place.serve(&[]).await;
    let at_work = place.import_at_work().await;
    serve.end("-KILL").await;
    assert!(place.data().join("serve.json").exists(), "nobody was left to remove it");

    // The directory is free again, whatever the file says.
    assert_eq!(place.newest("full-import").await.unwrap()["run"], at_work["run"]);
    assert!(!place.data().join("serve.json").exists());
    let serve = place.serve(&[]).await;
    let (status, stdout, stderr) = place.run(&["sync", ACME, "full-import", "--json"]).await;
    assert_eq!(status, 0, "{stdout}{stderr}");
    let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&report["run"], &report["state"]), (&at_work["run"], &json!("succeeded")));
    assert_eq!(report["mappings"]["staff"]["created"], 60);
    serve.end("-TERM").await;
}
