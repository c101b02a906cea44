//! What each function asks of AWS, written down, so that it can be compared with what its role allows.
//!
//! Where `ROLLCALL_CALLS_FILE` names a file, a [`Witness`] stands before DynamoDB, Secrets Manager and Lambda, hands
//! everything on, and adds a line to the file for each kind of call that the function made. Without it nothing stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::wire::{Message, Proxy};

/// Names the file that calls are written down in.
const FILE: &str = "ROLLCALL_CALLS_FILE";
/// The variables by which the SDK finds endpoints other than AWS's own.
const ENDPOINTS: [&str; 3] =
    ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_LAMBDA"];
/// What connections are stored under.
const CONNECTIONS: &str = "connections";

/// Stands before the endpoints of a function. When it is dropped they are out of reach.
#[derive(Debug)]
pub struct Witness {
    caller: Caller,
    proxies: Vec<Proxy>,
}

/// Whose calls are written down, and where.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    function: Arc<str>,
    file: Arc<PathBuf>,
}

impl Witness {
    /// A witness of a function's calls, where they are to be written down.
    pub fn of(function: &str) -> Option<Witness> {
        let file = std::env::var_os(FILE).filter(|file| !file.is_empty())?;
        let caller = Caller { function: function.into(), file: Arc::new(file.into()) };
        Some(Witness { caller, proxies: Vec::new() })
    }

    /// The address to use instead of this one.
    pub async fn before(&mut self, url: &str) -> String {
        // An endpoint may have a path, which is its key.
        let rest = url.trim_start_matches("http://");
        let (address, path) = rest.split_once('/').map_or((rest, String::new()), |(at, path)| (at, format!("/{path}")));
        let proxy = Proxy::witnessing(self.caller.clone()).await;
        proxy.lead_to(address);
        let before = format!("{}{path}", proxy.url());
        self.proxies.push(proxy);
        before
    }

    /// Puts itself before the endpoints that an environment names.
    pub async fn before_all(&mut self, environment: &mut BTreeMap<String, String>) {
        for variable in ENDPOINTS {
            if let Some(url) = environment.get_mut(variable) {
                *url = self.before(url).await;
            }
        }
    }
}

impl Caller {
    /// Writes a call down, unless one like it was by this process.
    pub(crate) fn note(&self, request: &Message) {
        static NOTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        for (action, on) in asked(request) {
            let line = json!({ "function": *self.function, "action": action, "on": on }).to_string();
            if NOTED.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
                let file = std::fs::OpenOptions::new().create(true).append(true).open(self.file.as_path());
                writeln!(file.expect("the file of calls can be written"), "{line}").expect("a call is written down");
            }
        }
    }
}

/// What a request asks for, in IAM's words, and on what.
fn asked(request: &Message) -> Vec<(String, String)> {
    let Some(target) = request.header("x-amz-target") else {
        let function = request.head.split("/functions/").nth(1).and_then(|rest| rest.split('/').next());
        return function.map(|name| ("lambda:InvokeFunction".to_owned(), name.to_owned())).into_iter().collect();
    };
    let (service, operation) = target.split_once('.').unwrap_or_default();
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    if service == "secretsmanager" {
        let secret = body["SecretId"].as_str().unwrap_or_default();
        return vec![(format!("secretsmanager:{operation}"), secret.to_owned())];
    }
    let items = body["RequestItems"].as_object().into_iter().flatten();
    let batches = items.map(|(name, rest)| (operation.to_owned(), table(name, None, rest)));
    let writes = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    // A write within a transaction takes the right to the write alone.
    let writes = writes.map(|(kind, write)| {
        let action = if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
        (action, table(write["TableName"].as_str().unwrap_or_default(), None, write))
    });
    let alone =
        body["TableName"].as_str().map(|name| (operation.to_owned(), table(name, body["IndexName"].as_str(), &body)));
    let calls = batches.chain(writes).chain(alone);
    calls.map(|(action, on)| (format!("dynamodb:{action}"), on)).collect()
}

/// Which table or index it is, and whether it is about connections: `state`, `directory/by-id`, `state#connections`.
fn table(name: &str, index: Option<&str>, body: &Value) -> String {
    let name = name.rsplit('-').next().unwrap_or_default();
    let index = index.map_or_else(String::new, |index| format!("/{index}"));
    let is_about_connections = is_keyed(body, CONNECTIONS);
    format!("{name}{index}{}", if is_about_connections { "#connections" } else { "" })
}

/// Whether something in a request has this partition key.
fn is_keyed(body: &Value, pk: &str) -> bool {
    body["pk"]["S"] == pk
        || match body {
            Value::Object(map) => map.values().any(|part| is_keyed(part, pk)),
            Value::Array(list) => list.iter().any(|part| is_keyed(part, pk)),
            _ => false,
        }
}
