//! Adoption: people whom the directory knew before Okta are loaded, so that the first sync joins them.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{connect, run};
use crate::clock;
use crate::context::Context;
use crate::directory::{Directory, Lease, Place, Written};
use crate::error::{Error, Fate};
use crate::model::{Claim, Content, Job, Mapping, ObjectKind, adoption};
use crate::report::Problem;

/// Records that are written beside each other.
const AT_ONCE: usize = 24;

/// Somebody whom the directory knew before Okta.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// What they are told apart by.
    pub identifier: String,
    /// The fields that are known of them, by name.
    pub fields: Map<String, Value>,
}

/// What came of a load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// People who have a record now and had none.
    pub adopted: u64,
    /// People whose identifier a record had already: left as they are.
    pub known: u64,
}

/// Loads people into a mapping. Each is an active record until the org's person of that identifier takes it over; one
/// who is loaded again, or whose identifier a record has, is left alone.
///
/// # Errors
/// Fatal when the mapping is not there, tells people apart by their Okta ids, or does not have one of the fields;
/// retryable when the connection is being worked on, or the directory cannot be written. What was loaded stays.
pub async fn adopt(context: &Context, connection: &str, mapping: &str, people: Vec<Person>) -> Result<Adoption, Error> {
    let connection = connect::connection(context, connection).await?;
    let mapping = connection.mapping(mapping).ok_or_else(|| refused(format!("There is no mapping {mapping}.")))?;
    check(mapping, &people)?;
    let (lease, directory) = run::begin_alone(context, &connection.name, Job::FullImport).await?;
    let place = Place { connection: connection.name.clone(), mapping: mapping.name.clone(), kind: mapping.kind() };
    let loader = Arc::new(Loader { directory, lease, place });
    let loading = people.into_iter().map(|person| {
        let loader = Arc::clone(&loader);
        async move { loader.load(person).await }
    });
    let loaded: Result<Vec<Written>, Error> = stream::iter(loading).buffer_unordered(AT_ONCE).try_collect().await;
    // Told and given back whatever came of it.
    loader.directory.publish_changes(&loader.lease).await?;
    loader.lease.clone().finish().await?;
    let loaded = loaded?;
    let adopted = loaded.iter().filter(|written| **written == Written::Done).count() as u64;
    Ok(Adoption { adopted, known: loaded.len() as u64 - adopted })
}

struct Loader {
    directory: Directory,
    lease: Lease,
    place: Place,
}

impl Loader {
    async fn load(&self, Person { identifier, fields }: Person) -> Result<Written, Error> {
        let identifier = identifier.trim().to_owned();
        let claim = Some(Claim::on(&identifier));
        let change = adoption(Content { identifier, claim, rejoin: None, role: None, fields, manager: None });
        Ok(self.directory.write(&self.lease, &self.place, &change, clock::now()).await?)
    }
}

/// Everything that is wrong with what is to be loaded, before anything of it is.
fn check(mapping: &Mapping, people: &[Person]) -> Result<(), Error> {
    if !mapping.source.reads(ObjectKind::User) {
        let source = mapping.source.word();
        return Err(refused(format!("The mapping {} makes records of {source}, not of people.", mapping.name)));
    }
    if !mapping.claims_identifiers() {
        let detail =
            format!("The mapping {} tells people apart by their Okta ids, which nobody had before Okta.", mapping.name);
        return Err(refused(detail));
    }
    for (index, person) in people.iter().enumerate() {
        let number = index + 1;
        if person.identifier.trim().is_empty() {
            return Err(refused(format!("Person {number} of the file has no identifier.")));
        }
        if let Some(unknown) = person.fields.keys().find(|name| !mapping.fields.contains_key(*name)) {
            let detail = format!(
                "Person {number} of the file has a field {unknown:?}, which the mapping {} has not.",
                mapping.name
            );
            return Err(refused(detail));
        }
    }
    Ok(())
}

fn refused(detail: String) -> Error {
    let hint = "Correct the file or the mapping, and load it again: nothing was loaded.";
    Error::Problem(Problem::new("adoption", "The people cannot be loaded", detail, hint), Fate::Fatal)
}
