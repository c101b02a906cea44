//! Who owns a data directory: a lock on a file in it, which the operating system lets go when the process ends, however it
//! ends. And files that are their owner's alone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// What became of asking for the lock.
#[derive(Debug)]
pub(super) enum Locked {
    /// The directory is this process's as long as the file is open.
    Ours(File),
    /// Another process has it, of this number, or of none yet: it has only just taken it.
    Theirs(Option<u32>),
}

/// Asks for the directory.
///
/// # Errors
/// When its file cannot be used.
pub(super) fn lock(directory: &Path) -> io::Result<Locked> {
    let mut file = open_private(&directory.join("lock"))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())?;
            Ok(Locked::Ours(file))
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid)?;
            Ok(Locked::Theirs(pid.trim().parse().ok()))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Creates a directory, and those above it, for its owner's eyes only; leaves one that exists as it is.
pub(super) fn create_private(directory: &Path) -> io::Result<()> {
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
pub(super) fn open_private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::{Locked, lock};

    #[test]
    fn a_data_directory_has_one_owner() {
        let directory = tempfile::tempdir().unwrap();
        let Locked::Ours(first) = lock(directory.path()).unwrap() else { panic!("the lock is not free") };
        assert!(matches!(lock(directory.path()).unwrap(), Locked::Theirs(Some(pid)) if pid == std::process::id()));
        drop(first);
        assert!(matches!(lock(directory.path()).unwrap(), Locked::Ours(_)));
    }
}
