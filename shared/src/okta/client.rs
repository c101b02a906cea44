//! The client: one org, one credential, and what a run needs of them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::OktaError;
use super::attempt::Ask;
use super::auth::{AccessTokens, Credential, InUse};
use super::fault::{Fault, Subject};
use super::pacing::{Clock, Org, Pace, PaceKey, Paces, bucket};
use super::page::{self, Page};
use super::query::{self, PageRequest};
use super::usage::Usage;
use crate::model::{OrgUrl, RawObject, Time};
use crate::report::OktaUse;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// What a connection says about its org.
#[derive(Debug, Clone)]
pub struct OktaSettings {
    /// The org's address.
    pub url: OrgUrl,
    /// The credential.
    pub credential: Credential,
    /// The share of this credential's rate limits that may be used, in percent.
    pub budget_percent: u8,
}

/// What all clients of a process share.
#[derive(Debug, Clone, Copy)]
pub struct ProcessState<'a> {
    /// How fast each org may be called.
    pub paces: &'a Paces,
    /// The access tokens of service apps.
    pub access_tokens: &'a AccessTokens,
}

/// Reads an org. A handle that is cheap to clone; the clones count together.
#[derive(Clone)]
pub struct Okta {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    url: OrgUrl,
    budget_percent: u8,
    credential: InUse,
    paces: Paces,
    org: Arc<Org>,
    deadline: Option<Instant>,
    usage: Usage,
    /// The bucket of the newest call.
    newest: Mutex<Option<Arc<Pace>>>,
}

/// The HTTP client for every org: no redirects, because the credential would go along, and no repeats of
/// its own, because a repeat has to keep the pace.
///
/// # Errors
/// Fatal when no client can be built.
pub fn http_client() -> Result<reqwest::Client, OktaError> {
    // Another part of the process may have installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(|error| OktaError::Unusable { why: format!("no HTTP client can be built: {error}") })
}

impl Okta {
    /// A client for one connection; calls and waits that would end after `deadline` are given up.
    pub fn new(
        http: reqwest::Client,
        settings: OktaSettings,
        process: ProcessState<'_>,
        deadline: Option<Instant>,
    ) -> Okta {
        let OktaSettings { url, credential, budget_percent } = settings;
        let inner = Inner {
            http,
            credential: InUse::begin(credential, url.as_str(), process.access_tokens),
            org: process.paces.org(url.as_str()),
            url,
            budget_percent,
            paces: process.paces.clone(),
            deadline,
            usage: Usage::default(),
            newest: Mutex::default(),
        };
        Okta { inner: Arc::new(inner) }
    }

    /// One page of a list.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses, or the answer cannot be followed. A lost cursor is retryable: the list has to start again
    /// from a key.
    pub async fn page(&self, request: &PageRequest) -> Result<Page, OktaError> {
        let base = self.base()?;
        let ask = Ask { request: request.clone(), subject: Subject::List };
        self.ask(ask, |ask, received| Page::read(&ask.request, received, &base)).await
    }

    /// One user by id, as Okta has it this moment. `None`: deleted, never there, or hidden from the token.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses. Of one record when it is there and Okta withholds it.
    pub async fn user(&self, id: &str) -> Result<Option<RawObject>, OktaError> {
        self.by_id("/api/v1/users", id).await
    }

    /// One application by id; `None`: deleted, never there, or hidden from the token.
    ///
    /// # Errors
    /// As for [`Okta::user`].
    pub async fn app(&self, id: &str) -> Result<Option<RawObject>, OktaError> {
        self.by_id("/api/v1/apps", id).await
    }

    /// One object of a list by its id; `None` where Okta does not show it.
    pub(super) async fn by_id(&self, list: &str, id: &str) -> Result<Option<RawObject>, OktaError> {
        // Such an id would climb out of the path.
        if id.bytes().all(|byte| byte == b'.') {
            return Ok(None);
        }
        let request = PageRequest::new(&format!("{list}/{}", query::path_part(id)), &[]);
        let ask = Ask { request, subject: Subject::Object };
        match self.ask(ask, |_, received| page::object(received)).await {
            Ok(object) => Ok(Some(object)),
            Err(OktaError::Refused { fault: Fault::NotVisible, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Any one user: tells whether the token may read users, and sees any.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses.
    pub async fn first_user(&self) -> Result<Option<RawObject>, OktaError> {
        let request = PageRequest::new("/api/v1/users", &[("search", "status pr"), ("limit", "1")]);
        Ok(self.page(&request).await?.objects.into_iter().next())
    }

    /// What was asked of Okta through this handle and its clones.
    pub fn used(&self) -> OktaUse {
        self.inner.usage.read()
    }

    /// Calls left in the budget of the current window of the bucket that was called last.
    pub fn calls_left(&self) -> u64 {
        let newest = self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.as_ref().map_or(0, |pace| pace.left())
    }

    /// Calls a minute that the budget allows in the bucket that was called last; `None` while no answer has told.
    pub fn calls_a_minute(&self) -> Option<f64> {
        let newest = self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.as_ref().and_then(|pace| pace.calls_a_minute())
    }

    /// Okta's time: this machine's clock, corrected by the `Date` of Okta's answers.
    pub fn now(&self) -> Time {
        self.inner.org.clock.now()
    }
}

impl fmt::Debug for Okta {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Okta({})", self.inner.url.as_str())
    }
}

/// What the stages of a call need.
impl Okta {
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    pub(super) fn credential(&self) -> &InUse {
        &self.inner.credential
    }

    pub(super) fn budget_percent(&self) -> u8 {
        self.inner.budget_percent
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.inner.deadline
    }

    pub(super) fn usage(&self) -> &Usage {
        &self.inner.usage
    }

    pub(super) fn org(&self) -> &Org {
        &self.inner.org
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.inner.org.clock
    }

    /// The pace that a request has to keep.
    pub(super) fn pace(&self, ask: &Ask) -> Arc<Pace> {
        let pace = self.inner.paces.pace(PaceKey {
            host: self.inner.url.as_str().to_owned(),
            client: self.inner.credential.client(),
            bucket: bucket(ask.request.path()),
        });
        // Progress is told by the calls that read.
        if ask.subject != Subject::TokenEndpoint {
            *self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&pace));
        }
        pace
    }

    /// The org's address.
    pub(super) fn base(&self) -> Result<Url, OktaError> {
        let unusable = |error| OktaError::Unusable { why: format!("the org's URL is no address: {error}") };
        Url::parse(self.inner.url.as_str()).map_err(unusable)
    }

    /// The address of a request. A request may come out of a checkpoint: whatever it says, it is on the
    /// org's own host.
    pub(super) fn address(&self, request: &PageRequest) -> Result<Url, OktaError> {
        let base = self.base()?;
        let address = base.join(request.as_str()).ok();
        address.filter(|address| address.origin() == base.origin() && request.as_str().starts_with('/')).ok_or_else(
            || OktaError::BadLink {
                what: "a stored page".to_owned(),
                why: "the request does not lead to the connection's own host".to_owned(),
            },
        )
    }
}
