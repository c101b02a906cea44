//! `okta-sim`: a simulated Okta org as a process of its own.

use std::io;
use std::time::Duration;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use okta_sim::{Options, Org, Sim};

const SCENARIOS: &str = "\
Changes from outside, without a credential:
  POST /sim/users                      {\"first\", \"last\", \"email\", …attributes} → {\"id\"}
  POST /sim/users/{id}/ACTION          activate, deactivate, reactivate, suspend, unsuspend,
                                       lock, unlock, delete, vanish, sign-in
  POST /sim/users/{id}/profile         {\"department\": \"Sales\"}; null takes an attribute away
  POST /sim/groups                     {\"name\"} → {\"id\"}
  POST /sim/groups/{id}/delete
  POST /sim/groups/{id}/rename         {\"name\"}
  POST /sim/groups/{id}/members/{user}/add, …/remove
  POST /sim/devices                    {\"user\", \"platform\", \"name\", \"managementStatus\"?,
                                       \"screenLockType\"?, …profile} → {\"id\"}
  POST /sim/devices/{id}/ACTION        signals, suspend, unsuspend, deactivate, activate, delete,
                                       vanish
  POST /sim/devices/{id}/profile       {\"osVersion\": \"15.6.1\"}; null takes an attribute away
  POST /sim/devices/{id}/users/{user}/add, …/remove
  POST /sim/devices/{id}/users/{user}/link
                                       {\"managementStatus\"?, \"screenLockType\"?}
  POST /sim/apps                       {\"label\", \"name\"?, \"signOnMode\"?, \"features\"?} → {\"id\"}
  POST /sim/apps/{id}/ACTION           activate, deactivate, delete, vanish
  POST /sim/apps/{id}/rename           {\"label\"}
  POST /sim/apps/{id}/users/{user}/assign, …/unassign, …/sign-on
  POST /sim/apps/{id}/groups/{group}/assign, …/unassign
  POST /sim/policies                   {\"name\", \"platform\", …conditions} → {\"id\"}
  POST /sim/policies/{id}/delete
  POST /sim/org/pipeline               {\"pipeline\": \"idx\" or \"v1\"}; v1 is Classic, without devices
  POST /sim/token/revoke, /sim/token/replace
                                       {\"token\"}
  POST /sim/service-apps               {\"client_id\", \"jwk\", \"scopes\"?, \"role\"?, \"dpop\"?};
                                       role: read-only-admin, none
  POST /sim/service-apps/{client}/key, …/scopes, …/role, …/dpop, …/activate, …/deactivate
  POST /sim/access-tokens/revoke
  POST /sim/nonce/renew                DPoP proofs need another nonce
  GET, DELETE /sim/calls";

/// Serves a simulated Okta org on the loopback interface.
#[derive(Parser)]
#[command(name = "okta-sim", after_help = SCENARIOS)]
struct Arguments {
    /// How many people.
    #[arg(long, default_value_t = 500)]
    users: usize,
    /// How many devices; if any, there are policies for them, too.
    #[arg(long, default_value_t = 0)]
    devices: usize,
    /// How many applications beside Okta's own.
    #[arg(long, default_value_t = 0)]
    apps: usize,
    /// How many sign-ons to applications the log has of the last 89 days.
    #[arg(long, default_value_t = 0)]
    sign_ons: usize,
    /// The same seed makes the same org.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The API token to accept.
    #[arg(long, default_value = "sim-token")]
    token: String,
    /// How long every answer takes.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// The limit of every bucket for a window.
    #[arg(long, default_value_t = 600)]
    limit: u32,
    /// Another limit for one bucket, as `/api/v1/apps=50`; may be given several times.
    #[arg(long, value_name = "BUCKET=LIMIT", value_parser = bucket_limit)]
    bucket_limit: Vec<(String, u32)>,
    /// The length of a rate window.
    #[arg(long, default_value_t = 60)]
    window_seconds: u64,
    /// How many requests may be in flight.
    #[arg(long, default_value_t = 75)]
    max_concurrent: usize,
    /// No page is larger.
    #[arg(long, default_value_t = 200)]
    page_size: usize,
    /// How far `search` lags behind.
    #[arg(long, default_value_t = 0)]
    index_lag_ms: u64,
    /// How long events take to show in the log.
    #[arg(long, default_value_t = 0)]
    log_delay_ms: u64,
    /// The org's clock less ours.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_skew_seconds: i64,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let skew = SignedDuration::from_secs(arguments.clock_skew_seconds);
    let options = Options {
        latency: Duration::from_millis(arguments.latency_ms),
        limit_per_minute: arguments.limit,
        bucket_limits: arguments.bucket_limit.into_iter().collect(),
        window: Duration::from_secs(arguments.window_seconds),
        max_concurrent: arguments.max_concurrent,
        page_size_cap: arguments.page_size,
        index_lag: Duration::from_millis(arguments.index_lag_ms),
        log_delay: Duration::from_millis(arguments.log_delay_ms),
        clock_skew: skew,
        token: arguments.token,
        port: arguments.port,
        ..Options::default()
    };
    let mut org = Org::generate(arguments.seed, arguments.users, Timestamp::now() + skew);
    if arguments.devices > 0 {
        org.generate_devices(arguments.devices);
        org.generate_policies();
    }
    org.generate_apps(arguments.apps);
    org.generate_sign_ons(arguments.sign_ons);
    let sim = Sim::start(org, options).await?;
    println!("{}", sim.url());
    tokio::signal::ctrl_c().await
}

fn bucket_limit(text: &str) -> Result<(String, u32), String> {
    let (bucket, limit) = text.rsplit_once('=').ok_or("it must be BUCKET=LIMIT")?;
    let limit = limit.parse().map_err(|_| format!("{limit} is not a number"))?;
    Ok((bucket.to_owned(), limit))
}
