//! What a process is told about where it runs: table names, endpoints, credentials.
//!
//! In a Lambda function all of it comes from environment variables that the template sets. The local mode and the tests
//! fill it in themselves. Nothing else in this crate reads the environment.

use std::time::Duration;

use crate::directory::Tables;
use crate::error::{Error, Fate};
use crate::report::Problem;

/// Where a process finds what it works with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The tables' names.
    pub tables: Tables,
    /// The AWS region; `None` takes it from the environment.
    pub region: Option<String>,
    /// Endpoints other than AWS's own.
    pub endpoints: Endpoints,
    /// Which AWS credentials to use.
    pub credentials: Credentials,
    /// The name of the Lambda function this process runs as; `None` outside of Lambda.
    pub function: Option<String>,
    /// The name of the Lambda function of the full import, which others start when they cannot do without one.
    pub full_import: Option<String>,
    /// Sizes of the work.
    pub tuning: Tuning,
}

/// Endpoints other than AWS's own; `None` leaves it to the SDK, which heeds `AWS_ENDPOINT_URL_…`.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// DynamoDB's.
    pub dynamodb: Option<String>,
    /// Secrets Manager's.
    pub secrets_manager: Option<String>,
    /// Lambda's.
    pub lambda: Option<String>,
}

/// Which AWS credentials to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Those that the SDK finds in the environment.
    FromEnvironment,
    /// Made-up ones, for endpoints on this machine that check none.
    Local,
}

/// Sizes of the work. The defaults are for production; tests make them small so that every seam is crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Slices read beside each other.
    pub readers: usize,
    /// Pages after which a slice has proven large and may be split.
    pub pages_before_split: u32,
    /// Pages after which the finished part of a slice is swept, which frees the memory of what was seen in it.
    pub pages_before_sweep: u32,
    /// Pages after which a checkpoint is written, at the latest.
    pub pages_per_checkpoint: u64,
    /// Time after which a checkpoint and the run report are written, at the latest.
    pub checkpoint_every: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            readers: 5,
            pages_before_split: 2,
            pages_before_sweep: 25,
            pages_per_checkpoint: 100,
            checkpoint_every: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// Reads `ROLLCALL_DIRECTORY_TABLE`, `ROLLCALL_STATE_TABLE`, `ROLLCALL_FULL_IMPORT_FUNCTION` and what Lambda sets.
    ///
    /// # Errors
    /// Fatal when a variable is missing, naming it.
    pub fn from_environment() -> Result<Config, Error> {
        Ok(Config {
            tables: Tables {
                directory: required("ROLLCALL_DIRECTORY_TABLE")?,
                state: required("ROLLCALL_STATE_TABLE")?,
            },
            region: None,
            endpoints: Endpoints::default(),
            credentials: Credentials::FromEnvironment,
            function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok(),
            full_import: std::env::var("ROLLCALL_FULL_IMPORT_FUNCTION").ok().filter(|name| !name.is_empty()),
            tuning: Tuning::default(),
        })
    }
}

fn required(variable: &str) -> Result<String, Error> {
    std::env::var(variable).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
        let problem = Problem::new(
            "environment",
            "An environment variable is missing",
            format!("The environment variable {variable} is not set."),
            "Set it to the name of the table that the stack created.",
        );
        Error::Problem(problem, Fate::Fatal)
    })
}
