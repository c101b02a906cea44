//! Devices on their way through the line: completed with who holds them and with what the org's policies come to.
//!
//! Who holds a device is kept before its records are written: a run that dies between the two finds the same again. It is
//! kept even where no mapping shows it, because Okta forgets.

use std::collections::HashMap;

use crate::directory::StoredCustody;
use crate::error::Error;
use crate::line::Line;
use crate::model::device::{Background, Custody, Policies, complete};
use crate::model::{Decoded, Object, ObjectKind, RawObject, Undecodable, decode};

impl Line {
    /// Decodes the objects of a page, which are to be of a kind, with all that expressions read of them.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta or the directory; one that cannot be decoded is no error of the page.
    pub(crate) async fn decode(&self, kind: ObjectKind, objects: &[RawObject]) -> Result<Vec<Decoded>, Error> {
        let decoded = decode(kind, objects);
        match kind {
            ObjectKind::User => Ok(decoded),
            ObjectKind::Device => self.complete(decoded).await,
            ObjectKind::App => self.with_use(decoded).await,
        }
    }

    /// The org's device assurance policies, asked for once a run; `None` where they cannot be read.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta; that it does not show them is a warning.
    pub(crate) async fn policies(&self) -> Result<Option<&Policies>, Error> {
        let policies = self.policies.get_or_try_init(async || match self.okta.device_assurances().await {
            Ok(objects) => {
                let (policies, unread) = Policies::read(&objects);
                if unread > 0 {
                    self.warn(format!(
                        "{unread} of the org's device assurance policies cannot be read and are left out."
                    ));
                }
                Ok::<_, Error>(Some(policies))
            }
            Err(error) if error.is_not_permitted() => {
                self.warn(format!("The device assurance policies were not read, so there are no verdicts: {error}"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        });
        Ok(policies.await?.as_ref())
    }

    /// Notes that nobody holds a device any more, because it is gone from Okta.
    ///
    /// # Errors
    /// When the directory cannot be read or written.
    pub(crate) async fn note_gone_device(&self, id: &str) -> Result<(), Error> {
        let now = self.okta.now();
        let known = self.directory.custodies(&self.connection.name, &[id]).await?.remove(id).unwrap_or_default();
        let StoredCustody { custody, revision } = known;
        if !custody.holders.is_empty() {
            let given_back = StoredCustody { custody: custody.given_back(now), revision };
            self.directory.put_custodies(&self.lease, &[(id.to_owned(), given_back)]).await?;
        }
        Ok(())
    }

    async fn complete(&self, decoded: Vec<Decoded>) -> Result<Vec<Decoded>, Error> {
        let policies = self.policies().await?;
        let now = self.okta.now();
        let ids: Vec<&str> = decoded.iter().flatten().map(|device| device.id.as_str()).collect();
        let known = self.directory.custodies(&self.connection.name, &ids).await?;
        let mut news = Vec::new();
        let completed = decoded.into_iter().map(|device| {
            let device = device?;
            let StoredCustody { custody, revision } = known.get(&device.id).cloned().unwrap_or_default();
            completed(device, Background { custody, policies, now }, &mut |id, custody| {
                if is_news(&known, id, &custody) {
                    news.push((id.to_owned(), StoredCustody { custody, revision }));
                }
            })
        });
        let completed = completed.collect();
        self.directory.put_custodies(&self.lease, &news).await?;
        Ok(completed)
    }
}

fn is_news(known: &HashMap<String, StoredCustody>, id: &str, custody: &Custody) -> bool {
    known.get(id).map_or(!custody.is_empty(), |known| known.custody != *custody)
}

fn completed(device: Object, background: Background<'_>, keep: &mut impl FnMut(&str, Custody)) -> Decoded {
    let (id, created) = (device.id.clone(), device.created);
    match complete(device, background) {
        Ok((device, custody)) => {
            keep(&id, custody);
            Ok(device)
        }
        Err(rejection) => Err(Undecodable { id, created: Some(created), rejection }),
    }
}
