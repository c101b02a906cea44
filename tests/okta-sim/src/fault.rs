//! Scripted trouble: which calls it strikes, and what becomes of them.

use std::time::Duration;

/// Which calls a [`Fault`] strikes. The default is every call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// What the path and query begin with. `/api/v1/users?` is the list of users alone,
    /// `/api/v1/users/` one user's reads.
    pub path_prefix: Option<String>,
    /// What the query contains, as sent: `after=` strikes only pages past the first.
    pub query_contains: Option<String>,
    /// How many matching calls pass first.
    pub skip: u32,
}

impl Match {
    /// Every call.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Calls whose path and query begin with `prefix`.
    #[must_use]
    pub fn path(prefix: &str) -> Self {
        Self { path_prefix: Some(prefix.to_owned()), ..Self::default() }
    }

    /// The same, but only calls whose query contains `text`.
    #[must_use]
    pub fn query(self, text: &str) -> Self {
        Self { query_contains: Some(text.to_owned()), ..self }
    }

    /// The same, but `skip` of them pass first.
    #[must_use]
    pub fn skip(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    fn covers(&self, path_and_query: &str) -> bool {
        let query = path_and_query.split_once('?').map_or("", |(_, query)| query);
        self.path_prefix.as_ref().is_none_or(|prefix| path_and_query.starts_with(prefix.as_str()))
            && self.query_contains.as_ref().is_none_or(|text| query.contains(text.as_str()))
    }
}

/// One piece of trouble for a number of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which calls it strikes.
    pub on: Match,
    /// What becomes of them.
    pub what: FaultKind,
    /// How many it strikes before it is spent.
    pub times: u32,
}

impl Fault {
    /// A fault that strikes once.
    #[must_use]
    pub fn new(on: Match, what: FaultKind) -> Self {
        Self { on, what, times: 1 }
    }

    /// The same fault, striking `times` calls.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// An error status with the body Okta sends with it: 500 `E0000009`, 503 `E0000181`, 401
    /// `E0000011`, 403 `E0000006`, 404 `E0000007`, 400 `E0000001`; 502 and 504 are a proxy's HTML.
    Status(u16),
    /// 429 `E0000047` of a bucket that is used up.
    RateLimited,
    /// 429 `E0000047` of the concurrency limit: limit 0, remaining 0.
    ConcurrencyLimited,
    /// 429 of something in front of Okta: no rate headers, no JSON.
    EdgeLimited,
    /// 403 with an empty body and the reason in `WWW-Authenticate`: a missing OAuth scope.
    MissingScope,
    /// The connection is dropped without an answer.
    Reset,
    /// The body is cut in the middle: half of the stated length, then the connection ends.
    Truncated,
    /// 200 with an HTML page.
    NotJson,
    /// The answer takes this much longer.
    Slow(Duration),
    /// 400 `E0000031`, cause "Invalid cursor."; under `/apps` it is `E0000029`.
    ExpiredCursor,
    /// One object of the answer is replaced by its broken self.
    MalformedObject(Malformed),
    /// The last object of the previous page of this path comes again, first on this one.
    DuplicateObject,
    /// One object of the page is left out.
    MissingObject,
    /// 200 with `[]` and no next link.
    EmptyList,
    /// 200 with `[]`, while the next link leads to the objects that belonged here.
    EmptyPage,
    /// The token is revoked from this call on.
    RevokeToken,
    /// From this call on the role is [`crate::Role::None`].
    LoseRole,
    /// No answer, until the client goes away.
    Hang,
}

/// How an object is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// `profile` is null.
    NullProfile,
    /// Strings are numbers, times are booleans, the profile's values are objects.
    WrongTypes,
    /// A string of 1 MB.
    HugeString,
    /// A string with a lone surrogate, `"\ud800"`.
    BadEscape,
    /// A string with bytes that are not UTF-8.
    BadUtf8,
    /// The id is missing.
    NoId,
    /// A number instead of an object.
    NotAnObject,
}

/// The faults still to strike.
#[derive(Debug, Default)]
pub(crate) struct FaultScript(Vec<Fault>);

impl FaultScript {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this call. Each fault counts the calls that it sees on its own; the
    /// first one in the script that is due wins.
    pub(crate) fn strike(&mut self, path_and_query: &str) -> Option<FaultKind> {
        let mut struck = None;
        for fault in &mut self.0 {
            if !fault.on.covers(path_and_query) {
                continue;
            }
            if fault.on.skip > 0 {
                fault.on.skip -= 1;
            } else if struck.is_none() && fault.times > 0 {
                fault.times -= 1;
                struck = Some(fault.what.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        struck
    }
}
