//! Metrics in CloudWatch's embedded metric format: a log line that CloudWatch Logs takes metrics out of, so that measuring
//! costs no call (docs.aws.amazon.com, CloudWatch, "Specification: Embedded metric format").

use std::fmt;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

use crate::clock;

const NAMESPACE: &str = "Rollcall";
/// The field of an event that is a dimension beside the stack's name, where it is there.
const JOB: &str = "Job";

/// The fields that are metrics, and their units. All others explain: they stand in the line for who searches the logs.
const METRICS: [(&str, &str); 10] = [
    ("RunsSucceeded", "Count"),
    ("RunsFailed", "Count"),
    ("RunsHeld", "Count"),
    ("RunsBlind", "Count"),
    ("LagSecondsMedian", "Seconds"),
    ("LagSecondsMax", "Seconds"),
    ("OktaThrottled", "Count"),
    ("HoldsOpened", "Count"),
    ("ConnectionsOverdue", "Count"),
    ("TokenIdleDays", "Count"),
];

/// Writes each event as one line of embedded metrics.
pub(super) struct EmbeddedMetrics<W> {
    stack: String,
    writer: W,
}

impl<W> EmbeddedMetrics<W> {
    /// Metrics of this stack, written there.
    pub(super) fn new(stack: String, writer: W) -> EmbeddedMetrics<W> {
        EmbeddedMetrics { stack, writer }
    }
}

impl<S: Subscriber, W: for<'w> MakeWriter<'w> + 'static> Layer<S> for EmbeddedMetrics<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        use std::io::Write;
        let mut fields = Fields::default();
        event.record(&mut fields);
        if fields.0.keys().all(|name| name == JOB) {
            return;
        }
        // Where stdout is closed there is nobody to tell.
        let _ = writeln!(self.writer.make_writer(), "{}", line(&self.stack, fields.0));
    }
}

/// The line of a stack's metrics: the fields, and what of them is a metric.
fn line(stack: &str, mut fields: Map<String, Value>) -> Value {
    let dimensions = if fields.contains_key(JOB) { json!([["Stack", JOB]]) } else { json!([["Stack"]]) };
    let metrics = METRICS.iter().filter(|(name, _)| fields.contains_key(*name));
    let metrics: Vec<Value> = metrics.map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    fields.insert("Stack".to_owned(), json!(stack));
    if !metrics.is_empty() {
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics });
        let about = json!({ "Timestamp": clock::now().millis(), "CloudWatchMetrics": [directive] });
        fields.insert("_aws".to_owned(), about);
    }
    Value::Object(fields)
}

/// The fields of an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    // No metric is anything else: an event's message, which metrics have none of, would come here.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt;

    use super::EmbeddedMetrics;
    use crate::model::Job;
    use crate::report::{DynamoDbUse, OktaUse, RunReport};
    use crate::telemetry::metrics;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(measure: impl FnOnce()) -> Option<Value> {
        let written = Written::default();
        let writer = written.clone();
        let layer = EmbeddedMetrics::new("acme-prod".to_owned(), move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), measure);
        let bytes = written.0.lock().unwrap().clone();
        (!bytes.is_empty()).then(|| serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn a_jobs_metric_has_the_stack_and_the_job_as_dimensions() {
        let line = written(|| metrics::looked_at(Job::DeltaSync, 3)).unwrap();
        assert_eq!(
            (&line["ConnectionsOverdue"], &line["Job"], &line["Stack"]),
            (&json!(3), &json!("delta-sync"), &json!("acme-prod"))
        );
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Rollcall");
        assert_eq!(directive["Dimensions"], json!([["Stack", "Job"]]));
        assert_eq!(directive["Metrics"], json!([{ "Name": "ConnectionsOverdue", "Unit": "Count" }]));
        assert!(line["_aws"]["Timestamp"].is_i64());
    }

    #[test]
    fn what_is_of_no_job_has_the_stack_alone() {
        let line = written(|| metrics::longest_idle_token(21)).unwrap();
        assert_eq!(line["TokenIdleDays"], 21);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Stack"]]));
    }

    #[test]
    fn a_count_of_nothing_is_not_billed() {
        assert_eq!(written(|| metrics::longest_idle_token(0)), None);
        // Without this one, nobody would notice that schedules are not looked at any more.
        assert!(written(|| metrics::looked_at(Job::DeltaSync, 0)).is_some());
    }

    #[test]
    fn what_only_explains_is_no_metric() {
        let report: RunReport = serde_json::from_value(json!({
            "run": "01JD", "connection": "acme", "job": "full-import", "state": "held", "started": "2026-11-20T10:00:00Z",
            "ended": null, "invocations": 1, "mappings": {}, "lag_seconds": null, "problem": null,
            "progress": { "done": 0, "expected": null, "per_second": 0.0, "calls_left": 0 },
            "okta": { "calls": 0, "throttled": 0, "retried": 0, "bytes": 0 },
            "dynamodb": { "read_units": 0.0, "write_units": 0.0 },
        }))
        .unwrap();
        let okta = OktaUse { calls: 7, ..OktaUse::default() };
        let line = written(|| metrics::invocation_ended(&report, okta, DynamoDbUse::default())).unwrap();
        let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(metrics, &json!([{ "Name": "RunsHeld", "Unit": "Count" }]));
        assert_eq!(
            (&line["OktaCalls"], &line["Connection"], &line["Run"]),
            (&json!(7), &json!("acme"), &json!("01JD"))
        );
    }
}
