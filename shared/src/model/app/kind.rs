//! Which applications of Okta's list are services, told by their `name`: the kind of application, as its catalogue has it.

/// What an application of Okta's list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppKind {
    /// Something that people use: what there is a record of.
    Service,
    /// Okta's own: its dashboard, admin console, workflows. Every org has some, so a list without any is not whole.
    OktaOwn,
    /// Where people come from: nobody signs on to a directory.
    Directory,
}

/// Okta's own, beside those that say so in their name.
const OKTA_OWN: [&str; 3] = ["saasure", "flow", "partner_portal"];

/// An application between two orgs of a customer's, and so a service, though its name says Okta.
const BETWEEN_ORGS: &str = "okta_org2org";

const DIRECTORIES: [&str; 4] = ["active_directory", "ldap_interface", "csv_directory_v2", "custom_identity_source"];

impl AppKind {
    /// What an application of this `name` is. Whatever is not known is a service.
    pub fn of(name: &str) -> AppKind {
        match name {
            BETWEEN_ORGS => AppKind::Service,
            name if OKTA_OWN.contains(&name) || name.starts_with("okta_") => AppKind::OktaOwn,
            name if DIRECTORIES.contains(&name) => AppKind::Directory,
            _ => AppKind::Service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AppKind;

    #[test]
    fn okta_s_own_applications_and_directories_are_no_services() {
        for (kind, names) in [
            (AppKind::OktaOwn, &["saasure", "okta_enduser", "okta_browser_plugin", "flow", "okta_flow_sso"][..]),
            (AppKind::OktaOwn, &["partner_portal", "okta_oin_submission_tester_app", "okta_never_heard_of"]),
            (AppKind::Directory, &["active_directory", "ldap_interface", "csv_directory_v2", "custom_identity_source"]),
            (AppKind::Service, &["salesforce", "okta_org2org", "oidc_client", "bookmark", "workflow", "okta", ""]),
        ] {
            names.iter().for_each(|name| assert_eq!(AppKind::of(name), kind, "{name}"));
        }
    }
}
