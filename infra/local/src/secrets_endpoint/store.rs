//! The secrets by name, each with its current and its previous version, in memory and, when asked, in a file.
//!
//! Every change is in the file before it is answered. The file is replaced as a whole, by a rename, so that a
//! crash leaves the old one or the new one. Nothing here has a `Debug` that could show a value.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// What AWS says when there is no such version.
pub(super) const NO_SUCH_VERSION: &str = "Secrets Manager can't find the specified secret value.";

const ARN_PREFIX: &str = "arn:aws:secretsmanager:local:000000000000:secret:";

/// The name that a secret goes by in AWS's own words.
pub(super) fn arn(name: &str) -> String {
    format!("{ARN_PREFIX}{name}")
}

/// An answer other than 200.
pub(super) struct Refusal {
    /// The error's code.
    pub(super) kind: &'static str,
    /// What is wrong; never a value.
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { kind, message: message.into() }
    }

    /// The HTTP status that it is answered with.
    pub(super) fn status(&self) -> StatusCode {
        if self.kind == "InternalServiceError" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST }
    }
}

/// Where a version stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Stage {
    Current,
    Previous,
}

impl Stage {
    /// The label that AWS gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Current => "AWSCURRENT",
            Stage::Previous => "AWSPREVIOUS",
        }
    }
}

/// One value that a secret has or had.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    /// Epoch seconds.
    pub(super) created: i64,
}

/// A secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secret {
    /// Epoch seconds.
    pub(super) created: i64,
    pub(super) current: Version,
    previous: Option<Version>,
}

impl Secret {
    /// Both versions, the current one first.
    pub(super) fn versions(&self) -> impl Iterator<Item = (&Version, Stage)> {
        let previous = self.previous.iter().map(|version| (version, Stage::Previous));
        std::iter::once((&self.current, Stage::Current)).chain(previous)
    }

    /// The version with this id or at this stage; without either the current one.
    pub(super) fn version(&self, id: Option<&str>, stage: Option<&str>) -> Option<(&Version, Stage)> {
        let default_stage = if id.is_none() { Some(Stage::Current.name()) } else { None };
        let wanted = stage.or(default_stage);
        self.versions().find(|(version, stage)| {
            id.is_none_or(|id| version.id == id) && wanted.is_none_or(|name| stage.name() == name)
        })
    }
}

/// All secrets.
#[derive(Default)]
pub(super) struct Store {
    file: Option<PathBuf>,
    secrets: BTreeMap<String, Secret>,
}

impl Store {
    /// Secrets that are kept nowhere else.
    pub(super) fn in_memory() -> Store {
        Store::default()
    }

    /// The secrets in `file`, none when it is not there.
    pub(super) fn open(file: &Path) -> io::Result<Store> {
        let secrets = match std::fs::read(file) {
            // The parser's own message could quote a value.
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file of secrets is damaged"))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Store { file: Some(file.to_owned()), secrets })
    }

    /// A secret by its name or ARN, with its name.
    pub(super) fn secret(&self, id: &str) -> Result<(&str, &Secret), Refusal> {
        let name = id.strip_prefix(ARN_PREFIX).unwrap_or(id);
        self.secrets.get_key_value(name).map(|(name, secret)| (name.as_str(), secret)).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        })
    }

    /// A new secret. The same request again is answered as the first time.
    pub(super) fn create(&mut self, name: &str, id: String, value: String) -> Result<Version, Refusal> {
        if name.is_empty() {
            return Err(Refusal::new("InvalidParameterException", "The secret has no name."));
        }
        if let Some(secret) = self.secrets.get(name) {
            return if secret.current.id == id && secret.current.value == value {
                Ok(secret.current.clone())
            } else {
                let message = format!("The operation failed because the secret {name} already exists.");
                Err(Refusal::new("ResourceExistsException", message))
            };
        }
        let current = Version { id, value, created: now() };
        self.keep(name, Secret { created: current.created, current: current.clone(), previous: None })?;
        Ok(current)
    }

    /// A new current version; the one before becomes the previous one. The same request again changes nothing.
    pub(super) fn put(&mut self, name: &str, id: String, value: String) -> Result<Version, Refusal> {
        let (_, secret) = self.secret(name)?;
        if let Some((version, _)) = secret.versions().find(|(version, _)| version.id == id) {
            return if version.value == value {
                Ok(version.clone())
            } else {
                let message = "You can't use this ClientRequestToken: a version with another value has it.";
                Err(Refusal::new("ResourceExistsException", message))
            };
        }
        let current = Version { id, value, created: now() };
        let changed =
            Secret { created: secret.created, current: current.clone(), previous: Some(secret.current.clone()) };
        self.keep(name, changed)?;
        Ok(current)
    }

    fn keep(&mut self, name: &str, secret: Secret) -> Result<(), Refusal> {
        let before = self.secrets.insert(name.to_owned(), secret);
        let Err(error) = self.write() else { return Ok(()) };
        match before {
            Some(before) => self.secrets.insert(name.to_owned(), before),
            None => self.secrets.remove(name),
        };
        Err(Refusal::new("InternalServiceError", format!("The file of secrets could not be written: {error}")))
    }

    fn write(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let directory = file.parent().unwrap_or(Path::new("."));
        // A temporary file is its owner's alone (mode 0600), and stays so under its new name.
        let mut replacement = tempfile::NamedTempFile::new_in(directory)?;
        replacement.write_all(&serde_json::to_vec_pretty(&self.secrets)?)?;
        replacement.as_file().sync_all()?;
        replacement.persist(file)?;
        Ok(())
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
