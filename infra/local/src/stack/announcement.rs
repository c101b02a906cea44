//! Where a stack that others may use answers: a file in the data directory, its owner's alone, because the URLs in it have
//! keys.
//!
//! A process that was killed leaves the file behind. It is believed only while the process that wrote it has the lock.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const FILE: &str = "serve.json";

/// A connection on this machine is there at once or not at all.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// Where the endpoints of a stack are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// DynamoDB's URL.
    pub(crate) dynamodb: String,
    /// Secrets Manager's, with its key.
    pub(crate) secrets: String,
    /// Lambda's, with its key, where there is one.
    pub(crate) lambda: Option<String>,
    /// The HTTP endpoint's, where there is one.
    pub(crate) http: Option<String>,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Announced {
    /// The process that serves.
    pid: u32,
    #[serde(flatten)]
    addresses: Addresses,
}

/// The file, as long as it is to be believed; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Announcement {
    file: PathBuf,
}

impl Announcement {
    /// Tells the other processes of this user where this one's stack answers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn make(directory: &Path, addresses: &Addresses) -> io::Result<Announcement> {
        let announced = Announced { pid: std::process::id(), addresses: addresses.clone() };
        // A temporary file is its owner's alone (mode 0600), and stays so under its new name.
        let mut written = tempfile::NamedTempFile::new_in(directory)?;
        written.write_all(&serde_json::to_vec_pretty(&announced)?)?;
        let file = directory.join(FILE);
        written.persist(&file)?;
        Ok(Announcement { file })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::debug!(%error, "the file that tells of the stack could not be removed");
        }
    }
}

/// Where the stack of the process that has the lock answers; `None` when it tells nothing, or does not answer.
pub(super) fn found(directory: &Path, owner: u32) -> Option<Addresses> {
    let text = std::fs::read(directory.join(FILE)).ok()?;
    let announced: Announced = serde_json::from_slice(&text).ok()?;
    let is_theirs = announced.pid == owner && answers(&announced.addresses.dynamodb);
    is_theirs.then_some(announced.addresses)
}

/// Removes what a process left behind that had the lock before and was killed.
pub(super) fn remove_stale(directory: &Path) -> io::Result<()> {
    match std::fs::remove_file(directory.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn answers(url: &str) -> bool {
    let address = url.strip_prefix("http://").and_then(|authority| authority.parse::<SocketAddr>().ok());
    address.is_some_and(|address| TcpStream::connect_timeout(&address, ANSWERS_WITHIN).is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{Addresses, Announcement, FILE, found, remove_stale};

    #[test]
    fn is_its_owners_alone_and_believed_of_the_process_that_has_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let dynamodb = format!("http://{}", listener.local_addr().unwrap());
        let addresses = Addresses { dynamodb, secrets: "http://127.0.0.1:1/key".to_owned(), lambda: None, http: None };
        let announcement = Announcement::make(directory.path(), &addresses).unwrap();
        let mode = std::fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let pid = std::process::id();
        assert!(found(directory.path(), pid) == Some(addresses));
        assert!(found(directory.path(), pid + 1).is_none());
        drop(listener);
        assert!(found(directory.path(), pid).is_none(), "nobody answers");
        drop(announcement);
        assert!(!directory.path().join(FILE).exists());
        remove_stale(directory.path()).unwrap();
    }
}
