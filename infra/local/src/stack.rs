//! What a deployment has in AWS, on one machine: both endpoints, the tables in them, and the handlers' context.
//!
//! One process owns a data directory, by a lock on a file in it, which the operating system lets go when the
//! process ends, however it ends.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rollcall_shared::Context;
use rollcall_shared::config::{Config, Credentials, Endpoints, Functions, Tuning};
use rollcall_shared::directory::{DirectoryError, Tables};

use crate::embedded::{Embedded, EmbeddedError};
use crate::secrets_endpoint::SecretsEndpoint;

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
    /// The clients or the tables could not be made.
    #[error(transparent)]
    Shared(#[from] rollcall_shared::Error),
}

/// A running stack. Dropping it stops it; [`Stack::close`] waits until its files are closed.
pub struct Stack {
    /// What the handlers get.
    pub context: Context,
    dynamodb: Embedded,
    secrets: SecretsEndpoint,
    // Dropped last, so that nobody else opens files that are still being closed.
    _lock: Option<File>,
}

impl Stack {
    /// The stack whose state is kept in `directory`, which is created when it is not there.
    pub async fn open(directory: &Path) -> Result<Stack, StackError> {
        let in_directory = |source| StackError::DataDirectory { directory: directory.to_owned(), source };
        create_private(directory).map_err(in_directory)?;
        let lock = lock(directory)?;
        let database = directory.join("dynamodb.sqlite");
        // The emulator would create it readable for everybody. Its other files take after this one.
        open_private(&database).map_err(in_directory)?;
        let dynamodb = Embedded::open(&database)?;
        let secrets = SecretsEndpoint::open(&directory.join("secrets.json")).await.map_err(in_directory)?;
        let stack = Stack::start(dynamodb, secrets, Some(lock)).await?;
        stack.take_over().await.map_err(rollcall_shared::Error::from)?;
        Ok(stack)
    }

    /// Ends the leases of a process that owned the directory before and did not end in order: its runs can be taken up
    /// at once.
    async fn take_over(&self) -> Result<(), DirectoryError> {
        for (connection, _) in self.context.directory.connections().await? {
            self.context.directory.lapse_leases(&connection).await?;
        }
        Ok(())
    }

    /// A stack that leaves nothing behind.
    pub async fn in_memory() -> Result<Stack, StackError> {
        let secrets = SecretsEndpoint::in_memory().await.map_err(StackError::Secrets)?;
        Stack::start(Embedded::in_memory()?, secrets, None).await
    }

    /// Where the stack's DynamoDB answers.
    pub fn dynamodb_url(&self) -> &str {
        self.dynamodb.url()
    }

    /// Where the stack's Secrets Manager answers.
    pub fn secrets_url(&self) -> &str {
        self.secrets.url()
    }

    /// The names of the stack's tables.
    pub fn tables(&self) -> Tables {
        tables()
    }

    /// Stops it and waits until its files are closed.
    pub async fn close(self) {
        let Stack { context, dynamodb, secrets, _lock } = self;
        // The clients' idle connections go first: the emulator waits for connections to end.
        drop((context, secrets));
        dynamodb.close().await;
    }

    async fn start(dynamodb: Embedded, secrets: SecretsEndpoint, lock: Option<File>) -> Result<Stack, StackError> {
        let context = Context::new(config(dynamodb.url(), secrets.url(), Tuning::default())).await?;
        context.directory.create_tables().await.map_err(rollcall_shared::Error::from)?;
        Ok(Stack { context, dynamodb, secrets, _lock: lock })
    }
}

/// The names of a stack's tables.
pub fn tables() -> Tables {
    Tables { directory: "rollcall-directory".to_owned(), state: "rollcall-state".to_owned() }
}

/// How a process is told of a stack at these addresses.
pub fn config(dynamodb: &str, secrets: &str, tuning: Tuning) -> Config {
    Config {
        tables: tables(),
        region: Some("local".to_owned()),
        endpoints: Endpoints {
            dynamodb: Some(dynamodb.to_owned()),
            secrets_manager: Some(secrets.to_owned()),
            lambda: None,
        },
        credentials: Credentials::Local,
        functions: Functions::default(),
        tuning,
    }
}

/// Takes the directory for this process, or says who has it.
fn lock(directory: &Path) -> Result<File, StackError> {
    let in_directory = |source| StackError::DataDirectory { directory: directory.to_owned(), source };
    let mut file = open_private(&directory.join("lock")).map_err(in_directory)?;
    match file.try_lock() {
        Ok(()) => {
            let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            written.map_err(in_directory)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            // Between the lock and the number there is a moment without one.
            let pid = if pid.is_empty() { "unknown".to_owned() } else { pid };
            Err(StackError::Owned { pid, directory: directory.to_owned() })
        }
        Err(TryLockError::Error(source)) => Err(in_directory(source)),
    }
}

/// Creates a directory, and those above it, for its owner's eyes only; leaves one that exists as it is.
fn create_private(directory: &Path) -> io::Result<()> {
    if fs::metadata(directory).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens a file to read and write, creating it for its owner's eyes only.
fn open_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::{StackError, lock};

    #[test]
    fn a_data_directory_has_one_owner() {
        let directory = tempfile::tempdir().unwrap();
        let first = lock(directory.path()).unwrap();
        let Err(StackError::Owned { pid, .. }) = lock(directory.path()) else {
            panic!("a second process got the lock");
        };
        assert_eq!(pid, std::process::id().to_string());
        drop(first);
        assert!(lock(directory.path()).is_ok());
    }
}
