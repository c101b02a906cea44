//! The environment variables that a function is deployed with.

use std::collections::BTreeMap;

use rollcall::stack::Stack;

/// What the template sets and the SDK needs, for a function that works on this stack. It logs warnings and errors.
#[must_use]
pub fn environment(stack: &Stack) -> BTreeMap<String, String> {
    environment_with_log(stack, "warn")
}

/// The same, logging at another level.
#[must_use]
pub fn environment_with_log(stack: &Stack, level: &str) -> BTreeMap<String, String> {
    let tables = stack.tables();
    let variables = [
        ("ROLLCALL_DIRECTORY_TABLE", tables.directory.as_str()),
        ("ROLLCALL_STATE_TABLE", tables.state.as_str()),
        ("AWS_ENDPOINT_URL_DYNAMODB", stack.dynamodb_url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", stack.secrets_url()),
        ("RUST_LOG", level),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
