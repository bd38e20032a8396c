//! Steps that queue events, and the account of what was queued.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail, ensure};
use openclone_client::v1::SourceType;
use serde_json::{Map, Value, json};

use super::{Play, Queued, steps::expect};

/// How many events go into one command.
const CHUNK: usize = 20;

impl Play<'_> {
    pub(super) async fn send(
        &mut self,
        events: &[Map<String, Value>],
        error: Option<&str>,
        index: Option<usize>,
    ) -> anyhow::Result<()> {
        let mut made = Vec::new();
        for event in events {
            made.push(make(event)?);
        }
        let at = self.send_values(&made, error).await?;
        if let Some(index) = index {
            ensure!(at == Some(index), "the error is at {at:?}, not {index}");
        }
        Ok(())
    }

    /// Sends, and notes what was queued. Gives the index of the event that failed.
    async fn send_values(&mut self, events: &[Value], error: Option<&str>) -> anyhow::Result<Option<usize>> {
        let response = self.ask(&json!({"do": "send", "events": events}), 60.0).await?;
        let failed = response["index"].as_u64().map(usize::try_from).transpose()?;
        let taken = if response.get("error").is_some() {
            failed.context("an error of send has no index")?
        } else {
            events.len()
        };
        for event in &events[..taken] {
            match event["raw_ref"].as_str() {
                Some(raw_ref) if !raw_ref.is_empty() => self.note(raw_ref.to_owned(), Some(event.clone())),
                _ => self.unnamed += 1,
            }
        }
        expect(&response, error)?;
        Ok(failed)
    }

    pub(super) async fn bulk(
        &mut self,
        prefix: &str,
        count: usize,
        bytes: usize,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        let text = "x".repeat(bytes);
        let now = now()?;
        let events: Vec<Value> = (0..count)
            .map(|number| json!({"timestamp": now, "raw_ref": format!("{prefix}-{number}"), "data": {"text": text}}))
            .collect();
        for chunk in events.chunks(CHUNK) {
            match (self.send_values(chunk, None).await, error) {
                (Ok(_), _) => {}
                (Err(fault), Some(error)) if fault.to_string().contains(error) => return Ok(()),
                (Err(fault), _) => return Err(fault),
            }
        }
        match error {
            Some(error) => bail!("all events were taken, without {error}"),
            None => Ok(()),
        }
    }

    pub(super) async fn generate(
        &mut self,
        prefix: &str,
        count: usize,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        let command = json!({"do": "generate", "prefix": prefix, "count": count});
        let response = self.ask(&command, 120.0).await?;
        let taken = match response["index"].as_u64() {
            Some(index) => usize::try_from(index)?,
            None => count,
        };
        for number in 0..taken {
            self.note(format!("{prefix}-{number}"), None);
        }
        expect(&response, error)
    }

    fn note(&mut self, raw_ref: String, event: Option<Value>) {
        let text = |name: &str| self.options[name].as_str().unwrap_or_default().to_owned();
        let queued = Queued {
            source_type: event
                .as_ref()
                .and_then(|event| event["source_type"].as_str())
                .map_or_else(|| text("source_type"), str::to_owned),
            plugin_id: text("plugin_id"),
            event,
        };
        // The same name again is the same event.
        self.queued.entry(raw_ref).or_insert(queued);
    }

    /// The documented batches, by the SDK and as plain JSON for another plugin, to be compared at the end.
    pub(super) async fn samples(&mut self, typed: bool) -> anyhow::Result<()> {
        let reference = format!("reference-{}", self.case.name);
        for source_type in SourceType::ALL {
            let name = source_type.json_name();
            let path = self
                .places
                .clients
                .join("../tests/data")
                .join(format!("{name}.json"));
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut batch: Value = serde_json::from_str(&text)?;
            let mut events: Vec<Value> = batch["events"].as_array().cloned().unwrap_or_default();
            for event in &mut events {
                event["typed"] = Value::Bool(typed);
            }
            let own = json!({"source_type": name, "enabled": true, "state_dir": self.state_dir().join(name)});
            self.open(own.as_object().context("no options")?, None).await?;
            self.send_values(&events, None)
                .await
                .with_context(|| name.to_owned())?;
            self.close(10.0, None).await.with_context(|| name.to_owned())?;
            batch["plugin_id"] = Value::String(reference.clone());
            self.service.post(&batch.to_string()).await?;
        }
        self.references.insert(reference, self.plugin_id());
        Ok(())
    }
}

/// An event of the table as a driver takes it.
fn make(event: &Map<String, Value>) -> anyhow::Result<Value> {
    let mut made = event.clone();
    if let Some(ahead) = made.remove("ahead") {
        let seconds = ahead.as_f64().context("ahead is no number")?;
        made.insert("timestamp".to_owned(), json!(now()? + seconds));
    }
    // Long texts and deep data are described, not written out.
    if let Some(bytes) = made.remove("bytes") {
        let length = usize::try_from(bytes.as_u64().context("bytes is no number")?)?;
        made.insert("data".to_owned(), json!({"text": "x".repeat(length)}));
    }
    if let Some(depth) = made.remove("depth") {
        let mut value = json!({});
        for _ in 1..depth.as_u64().context("depth is no number")? {
            value = json!({"a": value});
        }
        made.insert("data".to_owned(), value);
    }
    if let Some(count) = made.remove("members") {
        let count = count.as_u64().context("members is no number")?;
        let members: Map<String, Value> = (0..count)
            .map(|number| (format!("m{number}"), json!(number)))
            .collect();
        made.insert("data".to_owned(), Value::Object(members));
    }
    if let Some(length) = made.remove("key_bytes") {
        let length = usize::try_from(length.as_u64().context("key_bytes is no number")?)?;
        made.insert("data".to_owned(), json!({"k".repeat(length): 1}));
    }
    if let Some(length) = made.remove("raw_ref_bytes") {
        let length = usize::try_from(length.as_u64().context("raw_ref_bytes is no number")?)?;
        made.insert("raw_ref".to_owned(), Value::String("r".repeat(length)));
    }
    Ok(Value::Object(made))
}

/// Unix seconds.
pub(super) fn now() -> anyhow::Result<f64> {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(since.as_secs_f64())
}
