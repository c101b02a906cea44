//! One attempt at one request: admitted, signed, sent, and its answer read to the end.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LINK};
use tokio::time::Instant;

use super::answer::Answer;
use super::auth::Pass;
use super::client::Okta;
use super::fault::{Fault, Subject, Throttle};
use super::pacing::{Flight, RateHeaders};
use super::query::PageRequest;
use super::{NoAnswer, OktaError};
use crate::clock;
use crate::model::Time;

/// How long a request may take, from sending it to the last byte of its answer.
const WHOLE_REQUEST: Duration = Duration::from_secs(90);

/// Bytes of a body that are read at most.
const LARGEST_BODY: usize = 64 << 20;

/// Leaves out of lists of users what is slow to compute and not needed; it only helps when all three are
/// given. A request header, although nothing is sent (Okta's page "Users", List all users).
const TRIMMED_USERS: &str =
    "application/json; okta-response=\"omitCredentials,omitCredentialsLinks,omitTransitioningToStatus\"";

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// What to ask for.
    pub request: PageRequest,
    /// What it is about.
    pub subject: Subject,
}

/// An answer that was a success, read to the end.
#[derive(Debug)]
pub(super) struct Received {
    /// The method and path that were asked.
    pub what: String,
    /// Okta's clock when it answered; ours, corrected, where it did not say.
    pub date: Time,
    /// The values of the `Link` headers.
    pub links: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    /// The method and path, for errors and logs; the query stays out of them.
    pub(super) fn what(&self) -> String {
        let method = if self.subject == Subject::TokenEndpoint { "POST" } else { "GET" };
        format!("{method} {}", self.request.path())
    }

    fn content_type(&self) -> HeaderValue {
        let is_list_of_users = self.request.path() == "/api/v1/users";
        // A mapping may read the credentials' provider: then they are asked for, and must not be left out.
        let wants_credentials = self.request.parameter("fields").is_none_or(|fields| fields.contains("credentials"));
        let trimmed = is_list_of_users && !wants_credentials;
        HeaderValue::from_static(if trimmed { TRIMMED_USERS } else { "application/json" })
    }
}

impl Okta {
    /// Sends the request once, signed with the pass, and reads its answer.
    pub(super) async fn attempt(&self, ask: &Ask, pass: &Pass) -> Result<Received, OktaError> {
        let out_of_time = || OktaError::DeadlineReached { what: ask.what() };
        let pace = self.pace(ask);
        let flight = pace.admit(self.budget_percent(), self.deadline()).await.ok_or_else(out_of_time)?;
        self.usage().count_call();

        let latest = Instant::now() + WHOLE_REQUEST;
        let latest = self.deadline().map_or(latest, |deadline| deadline.min(latest));
        match tokio::time::timeout_at(latest, self.exchange(ask, pass, flight)).await {
            Ok(outcome) => outcome,
            Err(_) if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) => Err(out_of_time()),
            Err(_) => Err(no_answer(ask, NoAnswer::TimedOut, format!("no answer within {WHOLE_REQUEST:?}"))),
        }
    }

    async fn exchange(&self, ask: &Ask, pass: &Pass, mut flight: Flight) -> Result<Received, OktaError> {
        let address = self.address(&ask.request)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, ask.content_type());
        let body = pass.sign(&mut headers, &address, self.now())?;
        let sent = clock::now();
        let request = self.http().request(pass.method(), address).headers(headers);
        let request = if body.is_empty() { request } else { request.body(body) };
        let mut response = request.send().await.map_err(|error| fault_of(ask, error))?;

        let date = self.learn_clock(response.headers(), sent);
        let rate = RateHeaders::read(response.headers(), date);
        flight.answered(&rate);
        pass.heed(response.headers());
        let body = self.body(ask, &mut response).await;

        let (status, headers) = (response.status().as_u16(), response.headers());
        if response.status().is_success() {
            let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned);
            return Ok(Received { what: ask.what(), date, links: links.collect(), body: body? });
        }
        // An error's status and headers count even if its body did not arrive.
        let mut answer = Answer::read(ask.what(), status, headers, &body.unwrap_or_default());
        let fault = pass.meaning(Fault::of(&answer, ask.subject, throttle(&rate)));
        if fault == Fault::ScopeMissing && answer.missing_scope.is_none() {
            answer.missing_scope = pass.scopes();
        }
        Err(self.refusal(ask, (fault, answer), &rate))
    }

    fn learn_clock(&self, headers: &HeaderMap, sent: Time) -> Time {
        let text = headers.get(DATE).and_then(|value| value.to_str().ok());
        match text.and_then(http_date) {
            Some(date) => {
                self.clock().learn(date, sent, clock::now());
                date
            }
            None => self.now(),
        }
    }

    async fn body(&self, ask: &Ask, response: &mut reqwest::Response) -> Result<Vec<u8>, OktaError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault_of(ask, error))? {
            self.usage().count_bytes(chunk.len());
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(no_answer(ask, NoAnswer::Unreadable, format!("the answer exceeds {LARGEST_BODY} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The error of an answer, which makes the bucket's other callers wait where it says so.
    fn refusal(&self, ask: &Ask, (fault, answer): (Fault, Answer), rate: &RateHeaders) -> OktaError {
        if let Fault::Throttled(kind) = fault {
            self.usage().count_throttled();
            self.heed(ask, kind, rate);
        }
        let is_about_the_page = answer.status == 400 && fault == Fault::Rejected;
        if is_about_the_page && ask.request.parameter("after").is_some() {
            return OktaError::CursorLost(Box::new(answer));
        }
        OktaError::Refused { fault, answer: Box::new(answer) }
    }

    fn heed(&self, ask: &Ask, kind: Throttle, rate: &RateHeaders) {
        match kind {
            Throttle::Ceiling => {
                // Reset and Date are whole seconds, so a second is added; the rest keeps processes apart.
                let until_reset = rate.reset.map_or(Duration::ZERO, |reset| reset.after);
                let margin = Duration::from_millis(1_000 + fastrand::u64(0..500));
                self.pace(ask).close(until_reset + margin);
            }
            Throttle::Concurrency => self.org().slow_down(Instant::now()),
            Throttle::Edge => {}
        }
    }
}

/// Which kind a 429 with these headers is.
fn throttle(rate: &RateHeaders) -> Throttle {
    match (rate.limit, rate.remaining) {
        (Some(0), Some(0)) => Throttle::Concurrency,
        (Some(1..), _) => Throttle::Ceiling,
        _ => Throttle::Edge,
    }
}

/// The moment in a `Date` header.
fn http_date(text: &str) -> Option<Time> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(Time::from)
}

fn no_answer(ask: &Ask, how: NoAnswer, detail: String) -> OktaError {
    OktaError::NoAnswer { how, what: ask.what(), detail }
}

/// Sorts what the connection reported. The address is left out of the text, for it holds the query.
fn fault_of(ask: &Ask, error: reqwest::Error) -> OktaError {
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !detail.contains(&text) {
            detail = format!("{detail}: {text}");
        }
        source = cause.source();
    }
    let how = if error.is_dns() {
        NoAnswer::NameUnknown
    } else if error.is_timeout() {
        NoAnswer::TimedOut
    } else if error.is_connect() && detail.contains("invalid peer certificate") {
        NoAnswer::Certificate
    } else if error.is_body() || error.is_decode() {
        NoAnswer::Unreadable
    } else {
        NoAnswer::Unreachable
    };
    no_answer(ask, how, detail)
}
