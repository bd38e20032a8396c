//! The same events in the formats of the peers.

use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message as _;

use super::{Template, placeholder};
use crate::events::{self, TEXT};

impl Template {
    /// An `ExportLogsServiceRequest` of OTLP.
    pub(crate) fn otlp(run: u64, sender: usize, events: usize) -> Self {
        let text = |text: &str| {
            Some(AnyValue {
                string_value: Some(text.to_owned()),
            })
        };
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        let attribute = |key: &str, value: &str| KeyValue {
            key: key.to_owned(),
            value: text(value),
        };
        let record = LogRecord {
            time_unix_nano: u64::try_from(nanos).unwrap_or(u64::MAX),
            body: text(TEXT),
            attributes: vec![
                attribute("duration", "60"),
                attribute("confidence", "0.95"),
                attribute("raw_ref", &placeholder()),
            ],
        };
        let scope_logs = vec![ScopeLogs {
            log_records: vec![record; events],
        }];
        let request = ExportLogs {
            resource_logs: vec![ResourceLogs { scope_logs }],
        };
        Self::new(request.encode_to_vec(), run, sender)
    }

    /// A line of JSON for each event.
    pub(crate) fn lines(run: u64, sender: usize, events: usize) -> Self {
        let line = format!(
            "{{\"timestamp\":{}.5,\"text\":\"{TEXT}\",\"duration\":60,\"confidence\":0.95,\"raw_ref\":\"{}\"}}\n",
            events::seconds(),
            placeholder()
        );
        Self::new(line.repeat(events).into_bytes(), run, sender)
    }

    /// A list of events of ActivityWatch.
    pub(crate) fn activity(run: u64, sender: usize, events: usize) -> Self {
        let timestamp = rfc3339();
        let event = format!(
            r#"{{"timestamp":"{timestamp}","duration":60,"data":{{"text":"{TEXT}","confidence":0.95,"raw_ref":"{}"}}}}"#,
            placeholder()
        );
        Self::new(
            format!("[{}]", vec![event; events].join(",")).into_bytes(),
            run,
            sender,
        )
    }
}

/// Now, in RFC 3339.
fn rfc3339() -> String {
    prost_types::Timestamp::from(SystemTime::now()).to_string()
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExportLogs {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceLogs {
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    log_records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LogRecord {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    string_value: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_every_ref() -> anyhow::Result<()> {
        let last = "000000000000000700200000001002";
        let request = ExportLogs::decode(Template::otlp(7, 2, 3).batch(1))?;
        let records = &request.resource_logs[0].scope_logs[0].log_records;
        assert_eq!(
            records[2].attributes[2]
                .value
                .as_ref()
                .and_then(|value| value.string_value.as_deref()),
            Some(last)
        );
        let lines = String::from_utf8(Template::lines(7, 2, 3).batch(1).to_vec())?;
        let line: serde_json::Value = serde_json::from_str(lines.lines().nth(2).unwrap_or_default())?;
        assert_eq!(line["raw_ref"], last);
        let list: serde_json::Value = serde_json::from_slice(Template::activity(7, 2, 3).batch(1))?;
        assert_eq!(list[2]["data"]["raw_ref"], last);
        Ok(())
    }
}
