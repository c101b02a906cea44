//! Buckets and their windows (Okta: Rate limits).
//!
//! A window begins with its first call and is not aligned to the clock's minute. Refused calls do
//! not count.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::clock::shifted;
use crate::options::Options;

/// What the rate headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permit {
    pub(super) admitted: bool,
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Epoch seconds by the org's clock, rounded up.
    pub(super) reset: i64,
}

/// The running windows, one per bucket.
#[derive(Debug)]
pub(super) struct Windows {
    limit: u32,
    /// The buckets with another limit than the rest.
    limits: BTreeMap<String, u32>,
    length: Duration,
    running: HashMap<&'static str, (Instant, u32)>,
}

impl Windows {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            limit: options.limit_per_minute,
            limits: options.bucket_limits.clone(),
            length: options.window,
            running: HashMap::new(),
        }
    }

    /// Counts a call in a bucket, if there is room. `org_now` is the org's time at `now`.
    pub(super) fn take(&mut self, bucket: &'static str, now: Instant, org_now: Timestamp) -> Permit {
        let (began, used) = self.running.entry(bucket).or_insert((now, 0));
        if now.duration_since(*began) >= self.length {
            (*began, *used) = (now, 0);
        }
        let limit = self.limits.get(bucket).copied().unwrap_or(self.limit);
        let admitted = *used < limit;
        if admitted {
            *used += 1;
        }
        let left = self.length.saturating_sub(now.duration_since(*began));
        Permit { admitted, limit, remaining: limit.saturating_sub(*used), reset: second_after(org_now, left) }
    }
}

fn second_after(now: Timestamp, left: Duration) -> i64 {
    let at = shifted(now, SignedDuration::try_from(left).unwrap_or_default());
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

/// The bucket that a path counts in: the most specific one. `None` is not limited.
pub(super) fn bucket_of(segments: &[String]) -> Option<&'static str> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match segments.as_slice() {
        ["api", "v1", "users", _] => "/api/v1/users/{id}",
        ["api", "v1", "users", ..] => "/api/v1/users",
        ["api", "v1", "groups", "rules"] => "/api/v1/groups",
        ["api", "v1", "groups", _] => "/api/v1/groups/{id}",
        ["api", "v1", "groups", ..] => "/api/v1/groups",
        ["api", "v1", "logs"] => "/api/v1/logs",
        ["api", "v1", "devices", _, "users"] => "/api/v1/devices/{id}/users",
        ["api", "v1", "devices", ..] => "/api/v1/devices",
        ["api", "v1", "device-assurances", ..] => "/api/v1/device-assurances",
        ["api", "v1", "apps", _] => "/api/v1/apps/{id}",
        ["api", "v1", "apps", ..] => "/api/v1/apps",
        ["api", ..] => "/api/v1",
        ["oauth2", "v1", "token"] => "/oauth2/v1/token",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_its_first_call_and_refuses_beyond_its_limit() {
        let mut windows = Windows::of(&Options { limit_per_minute: 2, ..Options::default() });
        let start = Instant::now();
        let org: Timestamp = "2026-11-20T10:00:00.5Z".parse().unwrap();
        let first = windows.take("/api/v1/users", start, org);
        assert_eq!((first.admitted, first.limit, first.remaining), (true, 2, 1));
        assert_eq!(first.reset, org.as_second() + 61);
        let later = start + Duration::from_secs(59);
        let org_later = shifted(org, SignedDuration::from_secs(59));
        assert!(windows.take("/api/v1/users", later, org_later).admitted);
        let refused = windows.take("/api/v1/users", later, org_later);
        assert_eq!((refused.admitted, refused.remaining), (false, 0));
        assert_eq!(refused.reset, first.reset);
        assert!(windows.take("/api/v1/groups", later, org_later).admitted);
        let next = windows.take("/api/v1/users", start + Duration::from_secs(60), org_later);
        assert_eq!((next.admitted, next.remaining), (true, 1));
    }

    #[test]
    fn the_most_specific_bucket_counts() {
        for (path, bucket) in [
            ("api/v1/users", Some("/api/v1/users")),
            ("api/v1/users/00u1", Some("/api/v1/users/{id}")),
            ("api/v1/users/00u1/groups", Some("/api/v1/users")),
            ("api/v1/groups/00g1", Some("/api/v1/groups/{id}")),
            ("api/v1/groups/00g1/users", Some("/api/v1/groups")),
            ("api/v1/logs", Some("/api/v1/logs")),
            ("api/v1/devices", Some("/api/v1/devices")),
            ("api/v1/devices/guo1", Some("/api/v1/devices")),
            ("api/v1/devices/guo1/users", Some("/api/v1/devices/{id}/users")),
            ("api/v1/users/00u1/devices", Some("/api/v1/users")),
            ("api/v1/device-assurances", Some("/api/v1/device-assurances")),
            ("api/v1/apps", Some("/api/v1/apps")),
            ("api/v1/apps/0oa1", Some("/api/v1/apps/{id}")),
            ("api/v1/apps/0oa1/users", Some("/api/v1/apps")),
            ("api/v1/meta/types/user", Some("/api/v1")),
            ("oauth2/v1/token", Some("/oauth2/v1/token")),
            (".well-known/okta-organization", None),
        ] {
            let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
            assert_eq!(bucket_of(&segments), bucket, "{path}");
        }
    }
}
