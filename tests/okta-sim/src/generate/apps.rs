//! The applications of a generated org, and who is assigned to them.

use fastrand::Rng;

use crate::clock::second;
use crate::id::{Id, new_id};
use crate::org::{App, AppStatus, GroupAssignment, NewApp, Org};

const DAY: i64 = 24 * 3600;

/// Name, label, how to sign on, what is provisioned.
type Kind = (&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const NONE: &[&str] = &[];
const PUSH: &[&str] = &["PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION", "PUSH_PROFILE_UPDATES"];
const IMPORT: &[&str] = &["IMPORT_NEW_USERS", "IMPORT_PROFILE_UPDATES", "PROFILE_MASTERING"];

/// What an org may have of the catalogue, and of its own making.
const KINDS: [Kind; 24] = [
    ("salesforce", "Salesforce", Some("SAML_2_0"), PUSH),
    ("active_directory", "corp.acme.example", None, IMPORT),
    ("slack", "Slack", Some("SAML_2_0"), PUSH),
    ("google", "Google Workspace", Some("SAML_2_0"), &["PUSH_NEW_USERS", "GROUP_PUSH", "IMPORT_NEW_USERS"]),
    ("office365", "Microsoft Office 365", Some("WS_FEDERATION"), PUSH),
    ("oidc_client", "Expense Portal", Some("OPENID_CONNECT"), NONE),
    ("bookmark", "Canteen Menu", Some("BOOKMARK"), NONE),
    ("zoomus", "Zoom", Some("SAML_2_0"), PUSH),
    ("workday", "Workday", Some("SAML_2_0"), IMPORT),
    ("jira_onprem", "Jira", Some("SAML_2_0"), NONE),
    ("confluence_onprem", "Confluence", Some("SAML_2_0"), NONE),
    ("box", "Box", Some("SAML_2_0"), PUSH),
    ("servicenow_ud", "ServiceNow", Some("SAML_2_0"), PUSH),
    ("amazon_aws_sso", "AWS IAM Identity Center", Some("SAML_2_0"), &["GROUP_PUSH"]),
    ("okta_org2org", "Acme Subsidiary", Some("SAML_2_0"), PUSH),
    ("template_swa", "Parcel Tracking", Some("BROWSER_PLUGIN"), NONE),
    ("template_basic_auth", "Old Wiki", Some("BASIC_AUTH"), NONE),
    ("acme_timesheets_1", "Timesheets", Some("SAML_1_1"), NONE),
    ("template_sps", "Archive", Some("SECURE_PASSWORD_STORE"), NONE),
    ("travel_portal", "Travel", Some("AUTO_LOGIN"), NONE),
    ("csv_directory_v2", "Contractors (CSV)", None, IMPORT),
    ("custom_identity_source", "HR feed", None, IMPORT),
    ("github_enterprise", "GitHub", Some("SAML_2_0"), NONE),
    ("oidc_client", "Café Ordering ☕", Some("OPENID_CONNECT"), NONE),
];

/// Adds this many applications. All of their times are older than a day.
pub(crate) fn generate(org: &mut Org, count: usize) {
    let mut rng = org.rng().fork();
    let now = org.now().as_second();
    let people: Vec<Id> = org.users().filter_map(|user| Id::parse(&user.id)).collect();
    let groups: Vec<Id> = org.groups().filter_map(|group| Id::parse(&group.id)).collect();
    for (number, (name, label, mode, features)) in KINDS.iter().cycle().take(count).enumerate() {
        // The round that the catalogue is in; labels need not be unique, and a few are not.
        let label = match number / KINDS.len() {
            0 => (*label).to_owned(),
            _ if rng.u8(0..20) == 0 => (*label).to_owned(),
            round => format!("{label} {}", round + 1),
        };
        let created = now - 2 * DAY - rng.i64(0..2000 * DAY);
        let new = NewApp::new(name, &label).sign_on_mode(*mode).features(features);
        let mut app = App::of(new_id(&mut rng, "0oa"), new, second(created));
        app.last_updated = second(created + rng.i64(0..now - DAY - created));
        app.hidden = mode.is_none();
        // The first ones are what any demonstration wants to see in use.
        if number >= 8 && rng.u8(0..100) < 8 {
            app.status = AppStatus::Inactive;
        }
        assign(&mut app, (&people, &groups), now, &mut rng);
        org.add_app(app);
    }
}

fn assign(app: &mut App, (people, groups): (&[Id], &[Id]), now: i64, rng: &mut Rng) {
    let created = app.created.as_second();
    let at = |rng: &mut Rng| created + rng.i64(0..now - DAY - created);
    if rng.bool() {
        let count = rng.usize(1..=3).min(groups.len());
        for (priority, group) in (0u32..).zip(rng.choose_multiple(groups, count)) {
            app.groups.insert(*group, GroupAssignment { second: at(rng), priority });
        }
    }
    // Few applications have many: the mean is 200.
    let wanted = (rng.f64().powi(3) * 800.0) as usize;
    for _ in 0..wanted.min(people.len()) {
        if let Some(user) = rng.choice(people) {
            app.users.insert(*user, at(rng));
        }
    }
}
