//! The URL of an org, in one form whatever was pasted.

use std::fmt;

use serde::{Serialize, Serializer};
use url::{Host, Url};

/// The domains under which Okta hosts orgs; an org's admin console is at its name with `-admin`.
const OKTA_DOMAINS: [&str; 7] = [
    ".okta.com",
    ".oktapreview.com",
    ".okta-emea.com",
    ".okta-gov.com",
    ".okta.mil",
    ".okta-miltest.com",
    ".trex-govcloud.com",
];

/// Names that documentation uses for "put your own here".
const PLACEHOLDERS: [&str; 8] =
    ["yourdomain", "your-domain", "youroktadomain", "your-okta-domain", "yourokta", "your-okta", "yourorg", "your-org"];

/// Where an org is: `https://host[:port]`, in lower case and without a trailing slash.
///
/// Only https, except on this machine's loopback addresses, where test servers listen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgUrl(String);

impl OrgUrl {
    /// Reads an org's URL as people paste it: with a path, of the admin console, without `https://`.
    pub fn parse(text: &str) -> Result<OrgUrl, String> {
        let text = text.trim();
        refuse_placeholder(text)?;
        let url = parse_url(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not have a user name or password: credentials are kept in a secret".to_owned());
        }
        let host = match url.host() {
            None => return Err(expected("no host")),
            Some(Host::Domain(domain)) => check_domain(domain)?,
            Some(Host::Ipv4(address)) if address.is_loopback() => address.to_string(),
            Some(Host::Ipv6(address)) if address.is_loopback() => format!("[{address}]"),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => {
                return Err(expected("an IP address"));
            }
        };
        let local = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) || host == "localhost";
        if url.scheme() != "https" && !local {
            return Err(format!(
                "must begin with https://: Okta answers nothing else, and {}:// would show the credential",
                url.scheme()
            ));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(OrgUrl(format!("{}://{host}{port}", url.scheme())))
    }

    /// The URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, with the port if it has one.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |(_, host)| host)
    }
}

impl fmt::Display for OrgUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for OrgUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn parse_url(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err(expected("an empty string"));
    }
    let complete = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&complete).map_err(|error| format!("not a URL: {error}"))?;
    match url.scheme() {
        "https" | "http" => Ok(url),
        other => Err(expected(&format!("a URL of the scheme {other}"))),
    }
}

fn refuse_placeholder(text: &str) -> Result<(), String> {
    let folded = text.to_ascii_lowercase();
    let mut words = folded.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
    let placeholder = words.any(|word| PLACEHOLDERS.contains(&word.strip_suffix("-admin").unwrap_or(word)));
    if placeholder || text.contains(['{', '}', '<', '>']) {
        return Err("is a placeholder: put your own org's domain there, such as https://acme.okta.com".to_owned());
    }
    Ok(())
}

/// A domain as an org has it: complete, and not the admin console's.
fn check_domain(domain: &str) -> Result<String, String> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain == "localhost" {
        return Ok(domain.to_owned());
    }
    if domain.split('.').any(str::is_empty) || !domain.contains('.') {
        return Err(expected("an incomplete host"));
    }
    let Some(name) = OKTA_DOMAINS.iter().find_map(|okta| domain.strip_suffix(okta)) else {
        let bare = OKTA_DOMAINS.iter().any(|okta| okta.strip_prefix('.') == Some(domain));
        return if bare { Err(expected("Okta's own domain")) } else { Ok(domain.to_owned()) };
    };
    match name.strip_suffix("-admin") {
        Some("") => Err(expected("an incomplete host")),
        Some(org) if !org.contains('.') => Ok(format!("{org}{}", domain.trim_start_matches(name))),
        Some(_) | None => Ok(domain.to_owned()),
    }
}

fn expected(found: &str) -> String {
    format!("expected the org's URL, such as https://acme.okta.com, not {found}")
}
