//! Applications on their way through the line: completed with who is assigned to them and with what the log told of their
//! use.
//!
//! Both were stored before: nothing is asked of Okta here, and nothing is written.

use futures::TryStreamExt;

use crate::error::Error;
use crate::line::Line;
use crate::model::app::{Headcounts, Service};
use crate::model::{Decoded, Object, Time};

impl Line {
    /// Applications with what is known of their people and their use.
    ///
    /// # Errors
    /// Retryable or fatal, of the directory.
    pub(crate) async fn with_use(&self, decoded: Vec<Decoded>) -> Result<Vec<Decoded>, Error> {
        let observed_since = self.directory.sign_on_log(&self.connection.name).await?.observed_since;
        let mut completed = Vec::with_capacity(decoded.len());
        for app in decoded {
            completed.push(match app {
                Ok(app) => Ok(self.service(&app, observed_since).await?.complete(app)),
                Err(undecodable) => Err(undecodable),
            });
        }
        Ok(completed)
    }

    async fn service(&self, app: &Object, observed_since: Option<Time>) -> Result<Service, Error> {
        let (connection, now) = (self.connection.name.as_str(), self.okta.now());
        let listed = self.directory.app_listed(connection, &app.id).await?;
        let used = match observed_since {
            Some(since) => Some((self.directory.app_use(connection, &app.id, now).await?, since)),
            None => None,
        };
        let people = match listed {
            Some(_) => Some(self.headcounts(&app.id, now).await?),
            None => None,
        };
        Ok(Service { people, groups: listed.and_then(|listed| listed.groups), used })
    }

    async fn headcounts(&self, app: &str, now: Time) -> Result<Headcounts, Error> {
        let mut people = self.directory.app_people(&self.connection.name, app);
        let mut counted = Headcounts::default();
        while let Some(person) = people.try_next().await? {
            counted.count(&person.assignment, person.last_sign_on, now);
        }
        Ok(counted)
    }
}
