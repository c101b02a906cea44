//! Benchmarks of the functions' real binaries, against a simulated Okta and an embedded DynamoDB on this machine.
//!
//! ```text
//! cargo run --release -p bench -- import --users 10000,100000
//! cargo run --release -p bench -- pace
//! cargo run --release -p bench -- deadline
//! cargo run --release -p bench -- mapping
//! cargo run --release -p bench -- following --users 100000
//! cargo run --release -p bench -- devices --devices 20000
//! cargo run --release -p bench -- cold-start --binaries target/bootstraps
//! cargo run --release -p bench -- cost --users 1000,10000
//! cargo run --release -p bench -- services --apps 500 --assignments 100000 --sign-ons 1000000
//! ```
//!
//! Each prints what was measured and whether the bounds that Rollcall promises are kept; the exit status is 1 when one is
//! not. The connection has one mapping, which admits everyone. Times say something about this machine only; calls, units and memory do not depend on it.

mod binary;
mod cold_start;
mod cost;
mod deadline;
mod devices;
mod figures;
mod following;
mod import;
mod mapping;
mod pace;
mod services;
mod stage;
mod tls_front;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use figures::Report;

/// Whatever keeps a benchmark from its end.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Benchmarks of Rollcall's functions.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Prints machine-readable lines instead of tables.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// A first import of orgs of these sizes, and a second one that finds nothing changed.
    Import {
        /// How many people, separated by commas.
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000])]
        users: Vec<usize>,
    },
    /// An import from an org that takes 300 ms to answer and allows 600 calls a minute.
    Pace {
        /// How many people.
        #[arg(long, default_value_t = 100_000)]
        users: usize,
        /// The share of the limit that the connection may use, in percent; one import for each.
        #[arg(long, value_delimiter = ',', default_values_t = [100, 50])]
        budget: Vec<u8>,
    },
    /// An import whose invocations may take so long and no longer.
    Deadline {
        /// How many people.
        #[arg(long, default_value_t = 100_000)]
        users: usize,
        /// The time limit of an invocation.
        #[arg(long, default_value_t = 2)]
        seconds: u64,
    },
    /// What a delta-sync takes that finds nothing; and what log and delta take after one in a hundred changed.
    Following {
        /// How many people.
        #[arg(long, default_value_t = 100_000)]
        users: usize,
    },
    /// A first collection of devices, and two that find nothing changed.
    Devices {
        /// How many devices.
        #[arg(long, default_value_t = 20_000)]
        devices: usize,
    },
    /// A first service-discovery, one that finds nothing, and one that finds new sign-ons.
    Services(services::Org),
    /// What each function takes from the start of its process to its first answer, as it is deployed.
    ColdStart {
        /// Where the functions are, as `NAME/bootstrap`: what `cargo lambda build --profile lambda --lambda-dir DIR` leaves.
        #[arg(long)]
        binaries: std::path::PathBuf,
        /// How many starts of each; medians count.
        #[arg(long, default_value_t = 25)]
        runs: usize,
    },
    /// What a month costs in AWS, from the units that each job takes on orgs of these sizes.
    Cost {
        /// How many people, separated by commas.
        #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
        users: Vec<usize>,
    },
    /// What mapping and diffing takes of the processor, without Okta and the directory.
    Mapping {
        /// How many people.
        #[arg(long, default_value_t = 100_000)]
        users: usize,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse();
    let mut report = Report::new(arguments.json);
    if let Scenario::Mapping { users } = arguments.scenario {
        mapping::run(users, &mut report)?;
        return Ok(status(report));
    }
    if let Scenario::Following { users } = arguments.scenario {
        following::run(&binary::build(&following::FUNCTIONS)?, users, &mut report).await?;
        return Ok(status(report));
    }
    if let Scenario::Devices { devices } = arguments.scenario {
        devices::run(&binary::build(&[devices::FUNCTION])?, devices, &mut report).await?;
        return Ok(status(report));
    }
    if let Scenario::Cost { users } = &arguments.scenario {
        cost::run(&binary::build(&cost::FUNCTIONS)?, users, arguments.json).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Scenario::ColdStart { binaries, runs } = &arguments.scenario {
        cold_start::run(binaries, *runs, &mut report).await?;
        return Ok(status(report));
    }
    if let Scenario::Services(org) = arguments.scenario {
        services::run(&binary::build(&[services::FUNCTION])?, &org, &mut report).await?;
        return Ok(status(report));
    }
    let binary = binary::build(&["full-import"])?.join("full-import");
    match arguments.scenario {
        Scenario::Import { users } => {
            for users in users {
                import::run(&binary, users, &mut report).await?;
            }
        }
        Scenario::Pace { users, budget } => {
            for budget in budget {
                pace::run(&binary, (users, budget), &mut report).await?;
            }
        }
        Scenario::Deadline { users, seconds } => deadline::run(&binary, (users, seconds), &mut report).await?,
        // They are done.
        Scenario::Mapping { .. }
        | Scenario::Following { .. }
        | Scenario::Devices { .. }
        | Scenario::Services(_)
        | Scenario::Cost { .. }
        | Scenario::ColdStart { .. } => {}
    }
    Ok(status(report))
}

fn status(report: Report) -> ExitCode {
    if report.end() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
