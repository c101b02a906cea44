//! What a deployment has in AWS, on one machine: the endpoints, the tables in them, and the handlers' context.
//!
//! One process owns a data directory and has the files in it open. Where that is `rollcall serve`, the others use its
//! endpoints, as several Lambda functions use one DynamoDB: then a [`Stack`] is a link to them.

pub(crate) mod announcement;
mod lock;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::config::{Config, Credentials, Endpoints, Functions, Tuning};
use rollcall_shared::directory::{DirectoryError, Tables};
use rollcall_shared::model::Job;
use tokio::time::Instant;

use crate::embedded::{Embedded, EmbeddedError};
use crate::secrets_endpoint::SecretsEndpoint;
use announcement::Addresses;
use lock::{Locked, create_private, lock, open_private};

/// For so long a process waits for another that has the data directory: most commands are done with it in less.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Why a stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// Another process works with the data directory.
    #[error("another rollcall process (pid {pid}) owns {}", .directory.display())]
    Owned {
        /// Its process id, or `unknown`.
        pid: String,
        /// The data directory.
        directory: PathBuf,
    },
    /// The data directory, or a file in it, could not be used.
    #[error("the data directory {} could not be used: {source}", .directory.display())]
    DataDirectory {
        /// The data directory.
        directory: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The embedded DynamoDB did not start.
    #[error(transparent)]
    DynamoDb(#[from] EmbeddedError),
    /// The secrets endpoint did not start.
    #[error("the secrets endpoint could not be served: {0}")]
    Secrets(io::Error),
    /// A port is not to be had.
    #[error("port {port} of this machine is not to be had: {source}")]
    Port {
        /// The port; 0 for any that is free.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// The clients or the tables could not be made.
    #[error(transparent)]
    Shared(#[from] rollcall_shared::Error),
}

/// A running stack, or the link to another process's. Dropping it stops it; [`Stack::close`] waits until its files are
/// closed.
pub struct Stack {
    /// What the handlers get.
    pub context: Context,
    pub(crate) addresses: Addresses,
    /// `None` where the stack is another process's.
    own: Option<Own>,
}

/// What a process has open that owns a stack.
struct Own {
    dynamodb: Embedded,
    secrets: SecretsEndpoint,
    // Dropped last, so that nobody else opens files that are still being closed.
    _lock: Option<File>,
}

impl Stack {
    /// The stack whose state is kept in `directory`, which is created when it is not there; through the process that owns
    /// the directory, where that lets others in.
    ///
    /// # Errors
    /// When another process owns the directory and does not let others in, or the stack cannot be started.
    pub async fn open(directory: &Path) -> Result<Stack, StackError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let pid = match take(directory)? {
                Locked::Ours(lock) => return Stack::owner(directory, lock).await,
                Locked::Theirs(pid) => pid,
            };
            if let Some(addresses) = pid.and_then(|pid| announcement::found(directory, pid)) {
                let context = Context::new(configuration(&addresses, Tuning::default())).await?;
                return Ok(Stack { context, addresses, own: None });
            }
            if Instant::now() >= until {
                return Err(owned(directory, pid));
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// The same for who has to own the directory.
    ///
    /// # Errors
    /// When another process owns the directory, or the stack cannot be started.
    pub async fn own(directory: &Path) -> Result<Stack, StackError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match take(directory)? {
                Locked::Ours(lock) => return Stack::owner(directory, lock).await,
                Locked::Theirs(pid) if Instant::now() >= until || is_let_in(directory, pid) => {
                    return Err(owned(directory, pid));
                }
                Locked::Theirs(_) => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
            }
        }
    }

    async fn owner(directory: &Path, lock: File) -> Result<Stack, StackError> {
        let in_directory = |source| StackError::DataDirectory { directory: directory.to_owned(), source };
        announcement::remove_stale(directory).map_err(in_directory)?;
        let database = directory.join("dynamodb.sqlite");
        // The emulator would create it readable for everybody. Its other files take after this one.
        open_private(&database).map_err(in_directory)?;
        let dynamodb = Embedded::open(&database)?;
        let secrets = SecretsEndpoint::open(&directory.join("secrets.json")).await.map_err(in_directory)?;
        let stack = Stack::start(dynamodb, secrets, Some(lock)).await?;
        stack.lapse_leases().await.map_err(rollcall_shared::Error::from)?;
        Ok(stack)
    }

    /// Ends all leases: of a process that owned the directory before and did not end in order, or of this one at its end. Their
    /// runs can be taken up at once.
    ///
    /// # Errors
    /// When DynamoDB does not answer as it should.
    pub(crate) async fn lapse_leases(&self) -> Result<(), DirectoryError> {
        for (connection, _) in self.context.directory.connections().await? {
            self.context.directory.lapse_leases(&connection).await?;
        }
        Ok(())
    }

    /// A stack that leaves nothing behind.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn in_memory() -> Result<Stack, StackError> {
        let secrets = SecretsEndpoint::in_memory().await.map_err(StackError::Secrets)?;
        Stack::start(Embedded::in_memory()?, secrets, None).await
    }

    /// Where the stack's DynamoDB answers.
    pub fn dynamodb_url(&self) -> &str {
        &self.addresses.dynamodb
    }

    /// Where the stack's Secrets Manager answers. The URL has a key in it, and is not to be shown.
    pub fn secrets_url(&self) -> &str {
        &self.addresses.secrets
    }

    /// The names of the stack's tables.
    pub fn tables(&self) -> Tables {
        tables()
    }

    /// How a process of this stack is told of its Lambda endpoint.
    pub(crate) fn with_functions(&self, lambda: &str) -> Config {
        let addresses = Addresses { lambda: Some(lambda.to_owned()), ..self.addresses.clone() };
        configuration(&addresses, Tuning::default())
    }

    /// Stops it and waits until its files are closed.
    pub async fn close(self) {
        let Stack { context, own, .. } = self;
        // The clients' idle connections go first: the emulator waits for connections to end.
        drop(context);
        if let Some(Own { dynamodb, secrets, _lock }) = own {
            drop(secrets);
            dynamodb.close().await;
        }
    }

    async fn start(dynamodb: Embedded, secrets: SecretsEndpoint, lock: Option<File>) -> Result<Stack, StackError> {
        let (dynamodb_url, secrets_url) = (dynamodb.url().to_owned(), secrets.url().to_owned());
        let addresses = Addresses { dynamodb: dynamodb_url, secrets: secrets_url, lambda: None, http: None };
        let context = Context::new(configuration(&addresses, Tuning::default())).await?;
        context.directory.create_tables().await.map_err(rollcall_shared::Error::from)?;
        Ok(Stack { context, addresses, own: Some(Own { dynamodb, secrets, _lock: lock }) })
    }
}

/// The names of a stack's tables.
pub fn tables() -> Tables {
    Tables { directory: "rollcall-directory".to_owned(), state: "rollcall-state".to_owned() }
}

/// The name of a job's function in a stack on one machine: as in AWS in a stack of the usual name.
pub(crate) fn function(job: Job) -> String {
    format!("rollcall-{}", job.name())
}

/// How a process is told of a stack at these addresses.
pub fn config(dynamodb: &str, secrets: &str, tuning: Tuning) -> Config {
    let (dynamodb, secrets) = (dynamodb.to_owned(), secrets.to_owned());
    configuration(&Addresses { dynamodb, secrets, lambda: None, http: None }, tuning)
}

fn configuration(addresses: &Addresses, tuning: Tuning) -> Config {
    let named = addresses.lambda.iter().flat_map(|_| Job::ALL).map(|job| (job, function(job)));
    Config {
        tables: tables(),
        region: Some("local".to_owned()),
        endpoints: Endpoints {
            dynamodb: Some(addresses.dynamodb.clone()),
            secrets_manager: Some(addresses.secrets.clone()),
            lambda: addresses.lambda.clone(),
        },
        credentials: Credentials::Local,
        functions: Functions { own: None, of: named.collect() },
        schedule: None,
        tuning,
    }
}

/// Takes the directory for this process, or says who has it.
fn take(directory: &Path) -> Result<Locked, StackError> {
    let in_directory = |source| StackError::DataDirectory { directory: directory.to_owned(), source };
    create_private(directory).map_err(in_directory)?;
    lock(directory).map_err(in_directory)
}

fn is_let_in(directory: &Path, owner: Option<u32>) -> bool {
    owner.and_then(|pid| announcement::found(directory, pid)).is_some()
}

fn owned(directory: &Path, pid: Option<u32>) -> StackError {
    let pid = pid.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string());
    StackError::Owned { pid, directory: directory.to_owned() }
}
