//! What a process makes once and every invocation shares: clients, connections kept open, and Okta's pace.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials as Keys, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};

use crate::config::{Config, Credentials, Functions, Tuning};
use crate::directory::{Directory, Secrets};
use crate::error::{Error, Fate};
use crate::halt::Halt;
use crate::model::{Job, Schedule};
use crate::okta::{AccessTokens, Paces, http_client};
use crate::report::Problem;

/// How long one attempt of a call to AWS may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What every handler works with. One a process: the pace of Okta's calls and the access tokens are kept in it.
#[derive(Clone)]
pub struct Context {
    /// The directory and the state beside it.
    pub directory: Directory,
    /// Okta's credentials.
    pub secrets: Secrets,
    /// Starts further invocations.
    pub lambda: aws_sdk_lambda::Client,
    /// The Lambda functions that may be invoked.
    pub functions: Functions,
    /// When jobs run for connections that say nothing of them.
    pub schedules: BTreeMap<Job, Schedule>,
    /// The client of Okta's API.
    pub http: reqwest::Client,
    /// How fast each org may be called.
    pub paces: Paces,
    /// The access tokens of service apps.
    pub access_tokens: AccessTokens,
    /// Sizes of the work.
    pub tuning: Tuning,
    /// Whether the process is about to end.
    pub halt: Halt,
}

impl Context {
    /// Makes the clients; connects to nothing yet.
    ///
    /// # Errors
    /// Fatal when the HTTP client cannot be built.
    pub async fn new(config: Config) -> Result<Context, Error> {
        let http = http_client()?;
        let sdk = sdk_config(&config).await;
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk);
        if let Some(endpoint) = config.endpoints.dynamodb {
            dynamodb = dynamodb.endpoint_url(endpoint);
        }
        let mut secrets = aws_sdk_secretsmanager::config::Builder::from(&sdk);
        if let Some(endpoint) = config.endpoints.secrets_manager {
            secrets = secrets.endpoint_url(endpoint);
        }
        let mut lambda = aws_sdk_lambda::config::Builder::from(&sdk);
        if let Some(endpoint) = config.endpoints.lambda {
            lambda = lambda.endpoint_url(endpoint);
        }
        Ok(Context {
            directory: Directory::new(aws_sdk_dynamodb::Client::from_conf(dynamodb.build()), config.tables),
            secrets: Secrets::new(aws_sdk_secretsmanager::Client::from_conf(secrets.build())),
            lambda: aws_sdk_lambda::Client::from_conf(lambda.build()),
            functions: config.functions,
            schedules: schedules(config.schedule.as_ref())?,
            http,
            paces: Paces::default(),
            access_tokens: AccessTokens::default(),
            tuning: config.tuning,
            halt: Halt::default(),
        })
    }

    /// The context of a Lambda function, from its environment.
    ///
    /// # Errors
    /// Fatal when a variable is missing or the HTTP client cannot be built.
    pub async fn from_environment() -> Result<Context, Error> {
        Context::new(Config::from_environment()?).await
    }
}

/// One schedule for each job: the process's own, else the usual one.
fn schedules(own: Option<&Schedule>) -> Result<BTreeMap<Job, Schedule>, Error> {
    let of = |job| match own {
        Some(own) => Ok((job, own.clone())),
        None => Schedule::parse(Schedule::usual(job)).map(|schedule| (job, schedule)).map_err(|fault| {
            let detail = format!("The usual schedule of {} is none: {fault}.", job.name());
            let hint = "Report this to Rollcall's developers.";
            Error::Problem(Problem::new("schedule", "A schedule is not valid", detail, hint), Fate::Fatal)
        }),
    };
    Job::ALL.into_iter().map(of).collect()
}

async fn sdk_config(config: &Config) -> SdkConfig {
    // One TLS stack for the SDK and for Okta: rustls on ring. (aws-lc-rs spends tens of milliseconds of a cold start
    // gathering entropy.)
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
    // A call that is never answered must not outlast an invocation's time for its checkpoint.
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ANSWER_WITHIN).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).timeout_config(timeouts);
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if config.credentials == Credentials::Local {
        let keys = Keys::new("local", "local", None, None, "local");
        loader = loader.credentials_provider(SharedCredentialsProvider::new(keys));
    }
    loader.load().await
}
