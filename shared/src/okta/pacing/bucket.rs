//! Which of Okta's rate-limit buckets a path counts in.
//!
//! The most specific entry wins, an exact path before the longest prefix (Okta's page "Rate limits"). What
//! surprises: lists below a single object count in the bucket of the plural.

/// The bucket of a path.
pub(in crate::okta) fn bucket(path: &str) -> &'static str {
    let Some(rest) = path.strip_prefix("/api/v1/") else {
        return if path.starts_with("/oauth2/") { "/oauth2/v1/token" } else { "/.well-known" };
    };
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["users", _] => "/api/v1/users/{id}",
        ["users", ..] => "/api/v1/users",
        ["groups", "rules"] => "/api/v1/groups",
        ["groups", _] => "/api/v1/groups/{id}",
        ["groups", ..] => "/api/v1/groups",
        ["logs", ..] => "/api/v1/logs",
        ["devices", _, "users"] => "/api/v1/devices/{id}/users",
        ["devices", ..] => "/api/v1/devices",
        ["device-assurances", ..] => "/api/v1/device-assurances",
        ["apps", _] => "/api/v1/apps/{id}",
        ["apps", ..] => "/api/v1/apps",
        _ => "/api/v1",
    }
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn the_most_specific_bucket_wins() {
        for (path, expected) in [
            ("/api/v1/users", "/api/v1/users"),
            ("/api/v1/users/00u1", "/api/v1/users/{id}"),
            ("/api/v1/users/00u1/groups", "/api/v1/users"),
            ("/api/v1/users/00u1/devices", "/api/v1/users"),
            ("/api/v1/groups", "/api/v1/groups"),
            ("/api/v1/groups/rules", "/api/v1/groups"),
            ("/api/v1/groups/00g1", "/api/v1/groups/{id}"),
            ("/api/v1/groups/00g1/users", "/api/v1/groups"),
            ("/api/v1/logs", "/api/v1/logs"),
            ("/api/v1/devices", "/api/v1/devices"),
            ("/api/v1/devices/guo1", "/api/v1/devices"),
            ("/api/v1/devices/guo1/users", "/api/v1/devices/{id}/users"),
            ("/api/v1/device-assurances", "/api/v1/device-assurances"),
            ("/api/v1/apps", "/api/v1/apps"),
            ("/api/v1/apps/0oa1", "/api/v1/apps/{id}"),
            ("/api/v1/apps/0oa1/users", "/api/v1/apps"),
            ("/api/v1/org", "/api/v1"),
            ("/api/v1/meta/schemas/user/default", "/api/v1"),
            ("/oauth2/v1/token", "/oauth2/v1/token"),
            ("/.well-known/okta-organization", "/.well-known"),
        ] {
            assert_eq!(bucket(path), expected, "{path}");
        }
    }
}
