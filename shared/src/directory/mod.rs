//! I/O out: the directory and the state beside it.
mod error;
pub use error::DirectoryError;
