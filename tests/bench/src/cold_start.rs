//! Cold starts: each function from the start of its process to the answer of its first invocation, in which it reads the
//! tables and asks Okta over TLS once. The jobs find another org behind the URL than the connection's and stop, so that what
//! is measured is the start, and not how much there is to do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use okta_sim::Options;
use rollcall_shared::directory::ConnectionState;
use serde_json::{Value, json};
use test_support::lambda::{Function, Usage, environment};
use test_support::world::{Setup, World};
use test_support::{devices, services};

use crate::Failure;
use crate::figures::Report;
use crate::stage::UNLIMITED;
use crate::tls_front::TlsFront;

/// The functions.
pub(crate) const FUNCTIONS: [&str; 6] =
    ["full-import", "delta-sync", "deprovisioning", "device-collection", "service-discovery", "http-api"];

/// What a cold start may take of the processor, in milliseconds.
const CPU_MS: f64 = 25.0;
/// And of memory.
const MEMORY_MIB: f64 = 15.0;

const ONE_MINUTE: Duration = Duration::from_secs(60);

/// What one cold start took.
struct Start {
    cpu_ms: f64,
    peak_mib: f64,
    took_ms: f64,
}

/// Starts each function so often, and compares the medians with what is allowed.
pub(crate) async fn run(binaries: &Path, runs: usize, report: &mut Report) -> Result<(), Failure> {
    let front = TlsFront::bind().await?;
    let okta = Options { limit_per_minute: UNLIMITED, link_base: Some(front.url.clone()), ..Options::default() };
    let mut world = services::world(2, Setup { people: 12, okta, ..Setup::default() }).await;
    devices::add(&mut world, 6).await;
    let url = front.url.clone();
    world.reconnect(|document| document["okta"]["url"] = url.into()).await;
    let server = world.sim.url().trim_start_matches("http://").parse()?;
    let roots = front.lead_to(server);
    let mut variables = environment(&world.stack);
    variables.insert("SSL_CERT_FILE".to_owned(), roots.path().to_string_lossy().into_owned());
    variables.insert("ROLLCALL_STACK".to_owned(), "bench".to_owned());
    let imported = event("full-import", &world);
    start(&binaries.join("full-import").join("bootstrap"), &variables, imported).await?;
    let elsewhere = |state: &mut ConnectionState| {
        (state.org_id, state.org_seen) = (Some("00oelsewhere".to_owned()), None);
    };
    let directory = &world.stack.context.directory;
    directory.change_connection_state(None, &world.connection.name, elsewhere).await?;
    for name in FUNCTIONS {
        let binary = binaries.join(name).join("bootstrap");
        let mut starts = Vec::with_capacity(runs);
        for _ in 0..runs {
            starts.push(start(&binary, &variables, event(name, &world)).await?);
        }
        report.at_most(&format!("{name}: CPU ms"), median(&starts, |start| start.cpu_ms), CPU_MS);
        report.at_most(&format!("{name}: peak memory, MiB"), median(&starts, |start| start.peak_mib), MEMORY_MIB);
        eprintln!("{name}: answered after {:.1} ms", median(&starts, |start| start.took_ms));
    }
    Ok(())
}

/// Starts a process and has it serve one invocation.
async fn start(binary: &Path, variables: &BTreeMap<String, String>, event: Value) -> Result<Start, Failure> {
    let function = Function::deploy(binary, variables.clone(), ONE_MINUTE).await?;
    let began = Instant::now();
    let answer = function.invoke(event).await;
    let took = began.elapsed();
    let is_expected = match &answer {
        Ok(answer) => answer["statusCode"] == 200 || answer["run"]["state"] == "succeeded",
        Err(error) => error.kind == "urn:rollcall:problem:another-org",
    };
    if !is_expected {
        return Err(format!("{} answered {answer:?}\n{}", binary.display(), function.logs()).into());
    }
    let Usage { cpu, peak_rss_kib, .. } = function.usage();
    let milliseconds = |span: Duration| span.as_secs_f64() * 1_000.0;
    Ok(Start { cpu_ms: milliseconds(cpu), peak_mib: peak_rss_kib as f64 / 1_024.0, took_ms: milliseconds(took) })
}

/// What a function is invoked with: a run of its job; of the endpoint, the question whether the connection works, which it
/// answers.
fn event(function: &str, world: &World) -> Value {
    let connection = &world.connection.name;
    match function {
        "http-api" => gateway_request("POST", &format!("/connections/{connection}/verify")),
        _ => json!({ "connection": connection }),
    }
}

/// A request as API Gateway hands it on, of somebody whose signature IAM has checked (AWS: "Create AWS Lambda proxy
/// integrations for HTTP APIs", payload format 2.0).
fn gateway_request(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
        "headers": { "accept": "application/json", "host": "bench.execute-api.local.amazonaws.com" },
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "stage": "$default", "requestId": "cold-start",
            "domainName": "bench.execute-api.local.amazonaws.com", "domainPrefix": "bench",
            "time": "22/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_341_600_000_u64, "routeKey": "$default",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench",
            },
            "authorizer": { "iam": { "userArn": "arn:aws:iam::000000000000:user/bench", "accountId": "000000000000" } },
        },
    })
}

fn median(starts: &[Start], of: impl Fn(&Start) -> f64) -> f64 {
    let mut values: Vec<f64> = starts.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
