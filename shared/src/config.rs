//! What a process is told about where it runs: table names, endpoints, credentials.
//!
//! In a Lambda function all of it comes from environment variables that the template sets. The local mode and the tests
//! fill it in themselves. Nothing else in this crate reads the environment.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::directory::Tables;
use crate::error::{Error, Fate};
use crate::model::{Job, Schedule};
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
    /// The Lambda functions that it may invoke.
    pub functions: Functions,
    /// When its job runs for connections that say nothing of it; `None` for the usual schedule of each job.
    pub schedule: Option<Schedule>,
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

/// The Lambda functions that a process may invoke, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Functions {
    /// The one that this process runs as; `None` outside of Lambda.
    pub own: Option<String>,
    /// Those of other jobs, which a job starts when it cannot do without them.
    pub of: BTreeMap<Job, String>,
}

impl Functions {
    /// Reads `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets, and `ROLLCALL_{JOB}_FUNCTION` for every job.
    fn from_environment() -> Functions {
        let of = Job::ALL.into_iter().filter_map(|job| {
            let variable = format!("ROLLCALL_{}_FUNCTION", job.name().replace('-', "_").to_uppercase());
            optional(&variable).map(|name| (job, name))
        });
        Functions { own: optional("AWS_LAMBDA_FUNCTION_NAME"), of: of.collect() }
    }

    /// The function of another job.
    pub fn of(&self, job: Job) -> Option<&str> {
        self.of.get(&job).map(String::as_str)
    }
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
    /// Reads `ROLLCALL_DIRECTORY_TABLE`, `ROLLCALL_STATE_TABLE`, `ROLLCALL_SCHEDULE`, the names of functions, and what Lambda
    /// sets.
    ///
    /// # Errors
    /// Fatal when a variable is missing or no schedule, naming it.
    pub fn from_environment() -> Result<Config, Error> {
        Ok(Config {
            tables: Tables {
                directory: required("ROLLCALL_DIRECTORY_TABLE")?,
                state: required("ROLLCALL_STATE_TABLE")?,
            },
            region: None,
            endpoints: Endpoints::default(),
            credentials: Credentials::FromEnvironment,
            functions: Functions::from_environment(),
            schedule: schedule()?,
            tuning: Tuning::default(),
        })
    }
}

fn required(variable: &str) -> Result<String, Error> {
    optional(variable).ok_or_else(|| {
        let problem = Problem::new(
            "environment",
            "An environment variable is missing",
            format!("The environment variable {variable} is not set."),
            "Set it to the name of the table that the stack created.",
        );
        Error::Problem(problem, Fate::Fatal)
    })
}

fn optional(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

fn schedule() -> Result<Option<Schedule>, Error> {
    const VARIABLE: &str = "ROLLCALL_SCHEDULE";
    let Some(text) = optional(VARIABLE) else { return Ok(None) };
    Schedule::parse(&text).map(Some).map_err(|fault| {
        let problem = Problem::new(
            "environment",
            "An environment variable is not valid",
            format!("The environment variable {VARIABLE} is {text:?}: {fault}."),
            "Set it to an EventBridge expression or `off`, or leave it out for the usual schedule.",
        );
        Error::Problem(problem, Fate::Fatal)
    })
}
