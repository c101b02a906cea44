//! What a connection's document looks like, for who reads the description. The document itself is read by the model, which
//! says what is wrong with one in its own words; a test holds the two together.
#![expect(dead_code, reason = "these types are only described")]

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// A connection: a named link to one Okta org.
#[derive(ToSchema)]
#[schema(example = json!({
    "name": "acme",
    "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "rollcall/acme" } },
    "mappings": [{ "preset": "xassets-custodians" }]
}))]
pub(crate) struct ConnectionDocument {
    /// Its name, as in the path.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: String,
    okta: OktaLink,
    /// Whether its jobs run by themselves.
    #[schema(default = true, required = false)]
    enabled: bool,
    /// When its jobs run, by job: an EventBridge expression, or `off`.
    #[schema(example = json!({ "full-import": "cron(0 2 ? * SUN *)", "delta-sync": "rate(15 minutes)" }), required = false)]
    schedules: BTreeMap<String, String>,
    /// The time zone of the schedules, by its IANA name.
    #[schema(default = "UTC", required = false)]
    timezone: String,
    /// The share of the credential's rate limits that may be used, in percent.
    #[schema(minimum = 1, maximum = 100, default = 80, required = false)]
    rate_budget_percent: u8,
    #[schema(required = false)]
    guard: Guard,
    /// Its mappings.
    #[schema(min_items = 1, max_items = 50)]
    mappings: Vec<MappingDocument>,
}

/// The org, and how to sign in to it.
#[derive(ToSchema)]
struct OktaLink {
    /// Where the org is.
    #[schema(example = "https://acme.okta.com")]
    url: String,
    auth: Auth,
    /// The secret that Okta's event hook sends, where there is a hook.
    #[schema(required = false)]
    event_hook: EventHook,
}

/// How to sign in to the org.
#[derive(ToSchema)]
struct Auth {
    kind: AuthKind,
    /// The name of the secret that holds the token or the private key; never its value.
    #[schema(example = "rollcall/acme")]
    secret: String,
    /// Of a service app: its client id.
    #[schema(required = false)]
    client_id: String,
    /// Of a service app whose key is PEM: the key's id.
    #[schema(required = false)]
    key_id: String,
}

/// With an API token, or as an OAuth 2.0 service app.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum AuthKind {
    ApiToken,
    PrivateKeyJwt,
}

/// An event hook's secret.
#[derive(ToSchema)]
struct EventHook {
    /// The name of the secret.
    secret: String,
}

/// How many deactivations need nobody's approval: the larger of the two.
#[derive(ToSchema)]
struct Guard {
    /// So many.
    #[schema(default = 20, required = false, format = "uint64")]
    max_deactivations: u64,
    /// So many percent of the active records.
    #[schema(minimum = 0, maximum = 100, default = 2, required = false)]
    max_deactivations_percent: f64,
}

/// From one Okta source to one target. Beside `preset`, keys replace those of the preset, `fields` merge by name, and null
/// removes.
#[derive(ToSchema)]
struct MappingDocument {
    /// Its name; the preset's where it is left out.
    name: Option<String>,
    /// The built-in mapping that it comes from.
    preset: Option<String>,
    /// What it reads: `users`, `departments`, `devices` or `apps`.
    source: Option<String>,
    /// What its records are.
    target: Option<Target>,
    /// A JMESPath expression over the Okta object that tells records apart.
    identifier: Option<String>,
    /// Whom it admits: keys combine with *and*, the values of a key are alternatives.
    filter: Option<Filter>,
    /// Of login users, the role by group; the first that fits counts.
    roles: Option<Vec<RoleRule>>,
    /// The fields by name: JMESPath expressions over the Okta object.
    fields: Option<BTreeMap<String, Option<String>>>,
    /// The fields without which an object does not sync.
    required: Option<Vec<String>>,
    /// What somebody who is hired again is known by: a JMESPath expression.
    rejoin: Option<String>,
    /// What is looked up among the records: `manager`.
    resolve: Option<String>,
}

/// What records are.
#[derive(ToSchema)]
struct Target {
    /// `login_user` or `record`.
    kind: String,
    /// Of a record: the entity.
    #[schema(required = false)]
    entity: String,
    /// Of a record: the collection.
    #[schema(required = false)]
    collection: String,
}

/// Whom a mapping admits.
#[derive(ToSchema)]
struct Filter {
    /// Groups by name or id.
    #[schema(required = false)]
    groups: Vec<String>,
    /// Departments, whatever their case.
    #[schema(required = false)]
    departments: Vec<String>,
    /// Okta's words for the status.
    #[schema(required = false)]
    statuses: Vec<String>,
}

/// The role that a group gives.
#[derive(ToSchema)]
struct RoleRule {
    /// The group, by name or id.
    group: String,
    /// The role.
    role: String,
}
