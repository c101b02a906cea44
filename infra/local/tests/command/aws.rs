//! `--aws`: the commands on a deployed stack. What is deployed is served by `rollcall serve`, which has all that a stack has,
//! under the names that the template gives.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use okta_sim::{Options, Org, Sim};
use serde_json::{Value, json};
use tokio::process::Command;

/// A stack that answers as AWS does.
struct Deployed {
    directory: tempfile::TempDir,
    sim: Sim,
    serving: Child,
    addresses: Value,
}

impl Drop for Deployed {
    fn drop(&mut self) {
        let _ = self.serving.kill();
        let _ = self.serving.wait();
    }
}

impl Deployed {
    async fn new() -> Deployed {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { limit_per_minute: 60_000, ..Options::default() };
        let sim = Sim::start(Org::generate(1, 30, jiff::Timestamp::now()), options).await.unwrap();
        let mut serving = super::rollcall(directory.path(), &["serve", "--no-schedules", "--port", "0"]);
        let serving = serving.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let addresses = announced(&directory.path().join("data/serve.json")).await;
        Deployed { directory, sim, serving, addresses }
    }

    /// Runs a command as somebody who has AWS credentials and no data directory.
    async fn run(&self, line: &str) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(line.split(' ')).current_dir(self.directory.path()).stdin(Stdio::null()).kill_on_drop(true);
        let url = |name: &str| self.addresses[name].as_str().unwrap().to_owned();
        let output = command
            .env("TOKEN", self.sim.token())
            .env("AWS_ENDPOINT_URL_DYNAMODB", url("dynamodb"))
            .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", url("secrets"))
            .env("AWS_ENDPOINT_URL_LAMBDA", url("lambda"))
            .envs([("AWS_ACCESS_KEY_ID", "any"), ("AWS_SECRET_ACCESS_KEY", "any")])
            .output()
            .await
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

/// What a serving process tells of its addresses, once it does.
async fn announced(file: &Path) -> Value {
    let began = Instant::now();
    loop {
        if let Ok(text) = std::fs::read_to_string(file) {
            return serde_json::from_str(&text).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "nothing is served");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_deployed_stack_is_managed_from_elsewhere() {
    let deployed = Deployed::new().await;
    let mut document = super::connection();
    document["okta"]["url"] = json!(deployed.sim.url());
    std::fs::write(deployed.directory.path().join("c.json"), document.to_string()).unwrap();
    for line in ["apply c.json --token-env TOKEN --aws --region local", "--aws --region local verify acme"] {
        let (status, _, stderr) = deployed.run(line).await;
        assert_eq!(status, 0, "{line}: {stderr}");
    }
    let (status, stdout, stderr) = deployed.run("sync acme full-import --aws --region local --json").await;
    assert_eq!(status, 0, "{stderr}");
    let run: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&run["state"], &run["mappings"]["staff"]["read"]), (&json!("succeeded"), &json!(30)));
    let (status, stdout, _) = deployed.run("list acme staff --aws --region local --format ndjson").await;
    assert_eq!((status, stdout.lines().count()), (0, 30));
    assert!(!deployed.directory.path().join(".rollcall").exists(), "no data directory is made");
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_named() {
    let deployed = Deployed::new().await;
    let (status, _, stderr) = deployed.run("runs acme --aws --stack assets --region local").await;
    assert_eq!(status, 1);
    assert!(stderr.contains("assets-state") && stderr.contains("--stack"), "{stderr}");
    for line in ["serve --aws", "demo --aws", "runs --stack assets", "runs --aws --data-dir d"] {
        assert_eq!(deployed.run(line).await.0, 2, "{line}");
    }
}
