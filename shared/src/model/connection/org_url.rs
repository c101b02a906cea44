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
    // As often as it is there, so that a URL that has been read once reads the same again.
    match name.trim_end_matches("-admin") {
        "" => Err(expected("an incomplete host")),
        org if !org.contains('.') => Ok(format!("{org}{}", domain.strip_prefix(name).unwrap_or_default())),
        _ => Ok(domain.to_owned()),
    }
}

fn expected(found: &str) -> String {
    format!("expected the org's URL, such as https://acme.okta.com, not {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orgs_url_has_one_form() {
        for (given, normalised) in [
            ("https://acme.okta.com", "https://acme.okta.com"),
            ("https://acme.okta.com/", "https://acme.okta.com"),
            ("  acme.okta.com ", "https://acme.okta.com"),
            ("HTTPS://ACME.Okta.com/app/UserHome?x=1#y", "https://acme.okta.com"),
            ("https://acme.okta.com:443", "https://acme.okta.com"),
            ("https://acme.okta.com.", "https://acme.okta.com"),
            ("https://acme-admin.okta.com/admin/dashboard", "https://acme.okta.com"),
            ("acme-admin.oktapreview.com", "https://acme.oktapreview.com"),
            ("acme-admin.okta-emea.com", "https://acme.okta-emea.com"),
            ("acme-admin.okta-gov.com", "https://acme.okta-gov.com"),
            ("acme-admin.okta.mil", "https://acme.okta.mil"),
            ("acme-admin.okta-miltest.com", "https://acme.okta-miltest.com"),
            ("acme-admin.trex-govcloud.com", "https://acme.trex-govcloud.com"),
            ("acme-admin-admin.okta.com", "https://acme.okta.com"),
            ("https://id-admin.acme.example", "https://id-admin.acme.example"),
            ("https://acme-admin.notokta.com", "https://acme-admin.notokta.com"),
            ("integrator-1234567.okta.com", "https://integrator-1234567.okta.com"),
            ("https://id.acme.example:8443/", "https://id.acme.example:8443"),
            ("https://id.bücher.example", "https://id.xn--bcher-kva.example"),
            ("http://localhost:8080/x", "http://localhost:8080"),
            ("localhost", "https://localhost"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://[::1]:9/", "http://[::1]:9"),
        ] {
            assert_eq!(OrgUrl::parse(given).as_ref().map(OrgUrl::as_str), Ok(normalised), "{given}");
        }
    }

    #[test]
    fn what_is_no_orgs_url_is_refused() {
        for (given, message) in [
            ("", "not an empty string"),
            ("https://", "not a URL"),
            ("http://acme.okta.com", "must begin with https://"),
            ("http://localhost.acme.example", "must begin with https://"),
            ("ftp://acme.okta.com", "scheme ftp"),
            ("https://ada:secret@acme.okta.com", "user name or password"),
            ("https://ada@acme.okta.com", "user name or password"),
            ("https://{yourOktaDomain}", "placeholder"),
            ("https://${yourOktaDomain}/", "placeholder"),
            ("https://yourdomain.okta.com", "placeholder"),
            ("https://your-okta-domain", "placeholder"),
            ("https://yourOktaDomain-admin.okta.com", "placeholder"),
            ("https://<org>.okta.com", "placeholder"),
            ("acme", "incomplete host"),
            ("https://.okta.com", "incomplete host"),
            ("https://-admin.okta.com", "incomplete host"),
            ("https://okta.com", "Okta's own domain"),
            ("https://10.0.0.1", "IP address"),
            ("http://[2001:db8::1]", "IP address"),
            ("https://0x0a000001/", "IP address"),
        ] {
            let found = OrgUrl::parse(given).map_or_else(|message| message, |url| format!("accepted as {url}"));
            assert!(found.contains(message) && !found.contains("ada"), "{given}: {found}");
        }
    }

    #[test]
    fn reading_a_normalised_url_changes_nothing() {
        for given in ["acme-admin-admin.okta.com", "http://[::1]:80", "localhost:443", "http://127.1"] {
            let once = OrgUrl::parse(given).unwrap();
            assert_eq!(OrgUrl::parse(once.as_str()).as_ref(), Ok(&once), "{given}");
        }
    }
}
