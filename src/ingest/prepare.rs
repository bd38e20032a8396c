//! Renders a valid batch: ids over the data as sent, then normalisation, redaction and Markdown.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use openclone_client::{Rule, Violation, v1};
use openclone_vault::{
    BatchBuilder, BatchContext, DayRule, Event, EventId, Format, PreparedBatch, SourceType,
    markdown::decode_mail_headers,
};
use uuid::Uuid;

use super::{normalise::normalise, payload};
use crate::{error::IngestError, runtime::convert::timestamp_from_proto};
use openclone_redact::Redactor;

/// The settings of rendering.
#[derive(Debug)]
pub(crate) struct Preparer {
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) days: DayRule,
    pub(crate) format: Format,
}

/// A rendered batch, with the data of its response besides the counts.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) batch: PreparedBatch,
    /// Paths in the vault, in the order of the events.
    pub(crate) files: Vec<String>,
    /// The number of replaced secrets.
    pub(crate) redacted: u32,
}

impl Preparer {
    /// Renders a valid batch of `tenant`.
    pub(crate) fn prepare(
        &self,
        tenant: &Arc<str>,
        source_type: SourceType,
        batch: &v1::Batch,
        received: Timestamp,
    ) -> Result<Prepared, IngestError> {
        let device_id = device(&batch.device_id);
        let context = BatchContext {
            tenant,
            source_type,
            plugin_id: &batch.plugin_id,
            plugin_version: &batch.plugin_version,
            device_id: &device_id,
            received,
            days: &self.days,
            format: self.format,
        };
        let mut builder = BatchBuilder::new(context).expecting(batch.events.len(), text_bytes(batch));
        let mut redacted = 0;
        for (index, event) in batch.events.iter().enumerate() {
            let mut data =
                payload::object(event.data.as_ref()).ok_or_else(|| violation(index, "data", Rule::Object))?;
            let timestamp = event
                .timestamp
                .and_then(timestamp_from_proto)
                .ok_or_else(|| violation(index, "timestamp", Rule::Nanos))?;
            let raw_ref = event.raw_ref.as_deref().filter(|raw_ref| !raw_ref.is_empty());
            let id = match raw_ref {
                Some(raw_ref) => EventId::from_ref(tenant, source_type, &batch.plugin_id, raw_ref),
                None => EventId::from_content(
                    tenant,
                    source_type,
                    &batch.plugin_id,
                    &device_id,
                    timestamp.as_microsecond(),
                    &data,
                ),
            };
            if source_type == SourceType::Email {
                // Before redaction, which would not find a secret in an encoded word.
                decode_mail_headers(&mut data);
            }
            // a control character inside a secret would hide it, and is not written
            normalise(&mut data);
            redacted += self.redactor.redact_object(&mut data);
            builder.push(
                id,
                &Event {
                    timestamp,
                    raw_ref,
                    data: &data,
                },
            );
        }
        let batch = builder.finish();
        let files = batch.files.iter().map(|file| file.path.text()).collect();
        Ok(Prepared {
            batch,
            files,
            redacted,
        })
    }
}

/// The approximate number of bytes of text.
pub(super) fn text_bytes(batch: &v1::Batch) -> usize {
    let of = |event: &v1::Event| {
        let data = event.data.as_ref().map_or(0, v1::event::Data::encoded_len);
        data + event.raw_ref.as_ref().map_or(0, String::len)
    };
    batch.events.iter().map(of).sum()
}

/// The canonical form of a device id: all spellings of a UUID give the same event ids.
fn device(device_id: &str) -> Cow<'_, str> {
    let Ok(id) = Uuid::try_parse(device_id) else {
        return Cow::Borrowed(device_id);
    };
    let mut text = Uuid::encode_buffer();
    match &*id.hyphenated().encode_lower(&mut text) {
        spelling if spelling == device_id => Cow::Borrowed(device_id),
        spelling => Cow::Owned(spelling.to_owned()),
    }
}

fn violation(index: usize, field: &'static str, rule: Rule) -> IngestError {
    let path = vec!["events".into(), index.into(), field.into()];
    IngestError::Invalid {
        violations: vec![Violation { path, rule }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_id_has_one_spelling() {
        let id = "550e8400-e29b-41d4-a716-446655440000";
        let braced = format!("{{{id}}}");
        let urn = format!("urn:uuid:{id}");
        for spelling in [id, &id.to_uppercase(), &id.replace('-', ""), &braced, &urn] {
            assert_eq!(device(spelling), id, "{spelling}");
        }
        assert_eq!(device("test-001"), "test-001");
    }
}
