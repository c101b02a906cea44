//! A stack that is deployed in AWS, as the command sees it: the same tables, secrets and functions, reached with the caller's
//! own AWS credentials.
//!
//! The template names what it creates by the stack, so that nothing has to be looked up.

use rollcall_shared::config::{Config, Credentials, Endpoints, Functions, Tuning};
use rollcall_shared::directory::Tables;
use rollcall_shared::model::Job;
use rollcall_shared::{Context, Error};

/// Which stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The stack's name.
    pub name: String,
    /// Its AWS region; `None` for the one that the environment or the AWS profile names.
    pub region: Option<String>,
}

impl Deployment {
    /// What the handlers get. Connects to nothing yet.
    ///
    /// # Errors
    /// Fatal when the HTTP client cannot be built.
    pub async fn context(&self) -> Result<Context, Error> {
        Context::new(self.config()).await
    }

    fn config(&self) -> Config {
        let named = |what: &str| format!("{}-{what}", self.name);
        Config {
            tables: Tables { directory: named("directory"), state: named("state") },
            region: self.region.clone(),
            endpoints: Endpoints::default(),
            credentials: Credentials::FromEnvironment,
            functions: Functions { own: None, of: Job::ALL.map(|job| (job, named(job.name()))).into() },
            schedule: None,
            tuning: Tuning::default(),
        }
    }
}
