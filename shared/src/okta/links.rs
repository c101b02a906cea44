//! The link to the next page: found in the `Link` headers, and made safe to follow.
//!
//! Okta's page "Pagination" shows one header line for each link; libraries and proxies may join them with
//! commas, and addresses hold commas themselves. Only path and query of a link are kept: the credential
//! goes to the configured host and to the path that was asked, whatever a link says.

use url::Url;

use super::query::PageRequest;

/// The address of the link with `rel="next"` in the values of all `Link` headers.
pub(super) fn next_address<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    values.into_iter().find_map(|value| {
        let mut rest = value;
        while let Some((_, after)) = rest.split_once('<') {
            let (address, parameters) = after.split_once('>')?;
            let (is_next, after) = read_parameters(parameters);
            if is_next {
                return Some(address);
            }
            rest = after;
        }
        None
    })
}

/// Reads the parameters of one link: whether its relation is `next`, and what follows the link.
fn read_parameters(text: &str) -> (bool, &str) {
    let mut is_next = false;
    let mut rest = text.trim_start();
    while let Some(parameter) = rest.strip_prefix(';') {
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let (name, after) = parameter.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => read_value(value.trim_start()),
            None => ("", after),
        };
        let next = value.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"));
        is_next |= next && name.trim().eq_ignore_ascii_case("rel");
        rest = after.trim_start();
    }
    (is_next, rest)
}

fn read_value(text: &str) -> (&str, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').unwrap_or((quoted, ""));
    }
    text.split_at(text.find([';', ',']).unwrap_or(text.len()))
}

/// The request for the page that a link leads to, rebased on the configured address; or why it is refused.
pub(super) fn follow(address: &str, asked: &PageRequest, base: &Url) -> Result<PageRequest, String> {
    let link = base.join(address).map_err(|_| "the link to the next page is no address".to_owned())?;
    if !same_host(&link, base) {
        let host = link.host_str().unwrap_or("nothing");
        return Err(format!("the link to the next page leads to another host, {host}"));
    }
    let own_path = base.join(asked.path()).map_err(|_| "the request has no path".to_owned())?;
    if link.path() != own_path.path() {
        return Err(format!("the link to the next page leads to another path, {}", link.path()));
    }
    let query = link.query().unwrap_or_default();
    Ok(with_lost_parameters(PageRequest::encoded(format!("{}?{query}", link.path())), asked))
}

/// Some endpoints drop parameters of the first request from their links; those are added again. `since` is
/// not: Okta's page "System Log query" does not have it beside `after`.
fn with_lost_parameters(link: PageRequest, asked: &PageRequest) -> PageRequest {
    let mut text = link.as_str().to_owned();
    for (name, value) in asked.parameters() {
        let stays_away = matches!(name, "after" | "since") || link.parameter(name).is_some();
        if !stays_away {
            let separator = if text.ends_with('?') { "" } else { "&" };
            text.push_str(&format!("{separator}{name}={value}"));
        }
    }
    PageRequest::encoded(text)
}

/// Whether two requests are for the same page. Okta reorders parameters, so they are compared as a set, and
/// a cursor that comes back is the same page whatever stands beside it.
pub(super) fn same_page(one: &PageRequest, other: &PageRequest) -> bool {
    if let (Some(cursor), Some(again)) = (one.parameter("after"), other.parameter("after")) {
        return cursor == again;
    }
    let sorted = |request: &PageRequest| {
        let mut parameters: Vec<(String, String)> = decoded(request).collect();
        parameters.sort();
        parameters
    };
    one.path() == other.path() && sorted(one) == sorted(other)
}

fn decoded(request: &PageRequest) -> impl Iterator<Item = (String, String)> {
    let query = request.as_str().split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned()
}

/// Okta's admin console lives on a host of its own, `acme-admin.okta.com`; called there, the API links to
/// the host without `-admin`. Both are one org.
fn same_host(link: &Url, base: &Url) -> bool {
    let org = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        match host.split_once("-admin.") {
            Some((org, domain)) if !org.contains('.') => format!("{org}.{domain}"),
            _ => host,
        }
    };
    link.port() == base.port() && org(link) == org(base)
}
