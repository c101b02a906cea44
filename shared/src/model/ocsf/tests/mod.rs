//! Events against the schema's own rules, and against what is known of the devices.

mod hostile;
mod meaning;
mod okta_device;
mod schema;
mod schema_tests;
mod snapshots;
