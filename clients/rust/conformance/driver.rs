//! The driver for `clients/conformance`: one JSON command a line in, one response a line out.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use openclone_client::{
    sdk::{Builder, Client, Error, Event, Health, OnFull, Transport, typed_from_json, until_signal},
    v1::{Platform, SourceType, event::Data},
};
use serde_json::{Map, Value, json, value::RawValue};

type Reported = Arc<Mutex<(Vec<&'static str>, Vec<String>, u64)>>;
type Open = Arc<Mutex<Option<Arc<Client>>>>;
type BoxError = Box<dyn std::error::Error>;

#[derive(Default)]
struct Driver {
    client: Option<Arc<Client>>,
    /// What a signal closes.
    open: Open,
    source_type: SourceType,
    options: Value,
    reported: Reported,
}

/// An event of `send`. Its data stay as they are written, with every digit.
#[derive(serde::Deserialize)]
struct Sent<'a> {
    timestamp: Option<f64>,
    raw_ref: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    typed: bool,
    source_type: Option<String>,
}

#[derive(serde::Deserialize)]
struct Send<'a> {
    #[serde(borrow)]
    events: Vec<Sent<'a>>,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mut driver = Driver::default();
    let open = Arc::clone(&driver.open);
    tokio::spawn(async move {
        if until_signal().await.is_ok() {
            let client = open.lock().ok().and_then(|open| open.clone());
            if let Some(client) = client {
                client.end().await;
            }
            std::process::exit(130);
        }
    });
    // The main task may wait here: what the client does is on other threads.
    for line in std::io::stdin().lines() {
        let line = line?;
        let command: Value = serde_json::from_str(&line)?;
        let response = match driver.response(&command, &line).await? {
            Ok(response) => response,
            Err((error, index)) => {
                let mut response = json!({"error": error.name(), "message": error.to_string()});
                if let Some(index) = index {
                    response["index"] = json!(index);
                }
                response
            }
        };
        writeln!(std::io::stdout(), "{response}")?;
    }
    // As a crash would: nothing is closed.
    std::process::exit(0)
}

type Response = Result<Value, (Error, Option<usize>)>;

impl Driver {
    async fn response(&mut self, command: &Value, line: &str) -> Result<Response, BoxError> {
        let ok = json!({"ok": true});
        let limit = Duration::from_secs_f64(command["timeout"].as_f64().unwrap_or(10.0));
        let plain =
            |done: Result<(), Error>| done.map(|()| json!({"ok": true})).map_err(|error| (error, None));
        Ok(match command["do"].as_str().unwrap_or_default() {
            "open" => plain(self.open(&command["options"], command["manifest"].as_str()).await),
            "send" => self.send(serde_json::from_str(line)?).await?.map(|()| ok),
            "generate" => self.generate(command).await?.map(|()| ok),
            "flush" => plain(self.client()?.flush(limit).await),
            "close" => plain(self.client()?.close(limit).await),
            "stats" => Ok(json!({"ok": true, "stats": self.stats()?})),
            "events" => {
                let reported = self.reported.lock().map_err(|_| "poisoned")?;
                Ok(json!({"ok": true, "errors": reported.0, "rejected": reported.1, "recovered": reported.2}))
            }
            "config" => {
                let client = self.client()?;
                Ok(json!({"ok": true, "config": client.config(), "device_id": client.device_id()}))
            }
            "report_health" => {
                let state = match command["state"].as_str() {
                    Some("paused") => Health::Paused,
                    Some("failing") => Health::Failing,
                    Some("stopped") => Health::Stopped,
                    _ => Health::Capturing,
                };
                self.client()?
                    .report_health(state, command["reason"].as_str().unwrap_or_default());
                Ok(ok)
            }
            "paused" => Ok(json!({"ok": true, "paused": self.client()?.is_paused()})),
            "rival" => plain(match builder(&self.options, None)?.open().await {
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            }),
            "show" => Ok(json!({"ok": true, "text": format!("{:?}", self.client()?)})),
            other => return Err(format!("unknown command {other}").into()),
        })
    }

    fn client(&self) -> Result<&Client, BoxError> {
        Ok(self.client.as_deref().ok_or("no client is open")?)
    }

    async fn open(&mut self, options: &Value, manifest: Option<&str>) -> Result<(), Error> {
        self.client = None;
        self.remember(None);
        let reported = Reported::default();
        self.reported = Arc::clone(&reported);
        let rejected = Arc::clone(&reported);
        let recovered = Arc::clone(&reported);
        let builder = builder(options, manifest)?.on_error(move |notice| {
            if let Ok(mut reported) = reported.lock() {
                reported.0.push(notice.name());
            }
        });
        let builder = builder.on_rejected(move |event| {
            if let Ok(mut reported) = rejected.lock() {
                reported.1.push(event.raw_ref.clone());
            }
        });
        let builder = builder.on_recovered(move || {
            if let Ok(mut reported) = recovered.lock() {
                reported.2 += 1;
            }
        });
        self.options = options.clone();
        self.source_type = source_type(options);
        let client = Arc::new(builder.open().await?);
        self.remember(Some(Arc::clone(&client)));
        self.client = Some(client);
        Ok(())
    }

    fn remember(&self, client: Option<Arc<Client>>) {
        if let Ok(mut open) = self.open.lock() {
            *open = client;
        }
    }

    async fn send(&self, command: Send<'_>) -> Result<Result<(), (Error, Option<usize>)>, BoxError> {
        for (index, sent) in command.events.into_iter().enumerate() {
            let named = sent.source_type.as_deref().and_then(SourceType::from_json_name);
            let mut event = Event::new(self.data(&sent, named.unwrap_or(self.source_type))?);
            if let Some(named) = named {
                event = event.source_type(named);
            }
            if let Some(seconds) = sent.timestamp {
                event = event.at_unix(seconds);
            }
            if let Some(raw_ref) = sent.raw_ref {
                event = event.raw_ref(raw_ref);
            }
            if let Err(error) = self.client()?.send(event).await {
                return Ok(Err((error, Some(index))));
            }
        }
        Ok(Ok(()))
    }

    fn data(&self, sent: &Sent<'_>, source_type: SourceType) -> Result<Data, BoxError> {
        if !sent.typed {
            return Ok(Data::Json(sent.data.get().to_owned()));
        }
        let members: Map<String, Value> = serde_json::from_str(sent.data.get())?;
        Ok(typed_from_json(source_type, &members).ok_or("the data is not the typed message's")?)
    }

    async fn generate(&self, command: &Value) -> Result<Result<(), (Error, Option<usize>)>, BoxError> {
        let prefix = command["prefix"].as_str().unwrap_or_default();
        let count = usize::try_from(command["count"].as_u64().unwrap_or_default())?;
        let client = self.client()?;
        for index in 0..count {
            let name = format!("{prefix}-{index}");
            let members = Map::from_iter([("text".to_owned(), Value::String(name.clone()))]);
            let data = match self.source_type {
                SourceType::Braindump => openclone_client::v1::Braindump {
                    text: Some(name.clone()),
                }
                .into(),
                other => typed_from_json(other, &members).unwrap_or_else(|| members.into()),
            };
            if let Err(error) = client.send(Event::new(data).raw_ref(name)).await {
                return Ok(Err((error, Some(index))));
            }
        }
        Ok(Ok(()))
    }

    fn stats(&self) -> Result<Value, BoxError> {
        let stats = self.client()?.stats();
        Ok(json!({
            "queued": stats.queued, "stored": stats.stored, "skipped": stats.skipped, "rejected": stats.rejected,
            "dropped": stats.dropped, "spool_bytes": stats.spool_bytes,
        }))
    }
}

fn source_type(options: &Value) -> SourceType {
    let name = options["source_type"].as_str().unwrap_or_default();
    SourceType::from_json_name(name).unwrap_or_default()
}

fn builder(options: &Value, manifest: Option<&str>) -> Result<Builder, Error> {
    let text = |name: &str| options[name].as_str().map(str::to_owned);
    let number = |name: &str| options[name].as_u64();
    let time = |name: &str| options[name].as_f64().map(Duration::from_secs_f64);
    let plugin_id = text("plugin_id").unwrap_or_default();
    let version = text("plugin_version").unwrap_or_default();
    let mut builder = match manifest {
        Some(dir) => Client::from_manifest(Some(dir.as_ref()))?,
        None => Client::builder(&plugin_id, &version, source_type(options)),
    };
    if let Some(names) = options["source_types"].as_array() {
        let known =
            |name: &Value| SourceType::from_json_name(name.as_str().unwrap_or_default()).unwrap_or_default();
        builder = builder.source_types(names.iter().map(known).collect());
    }
    macro_rules! set {
        ($($name:ident: $value:expr;)+) => {
            $(if let Some(value) = $value { builder = builder.$name(value); })+
        };
    }
    set! {
        endpoint: text("endpoint");
        api_key: text("api_key");
        platform: text("platform").map(|name| Platform::from_json_name(&name).unwrap_or_default());
        api_key_file: text("api_key_file");
        heartbeat: time("heartbeat_seconds");
        debug: options["debug"].as_bool();
        enabled: options["enabled"].as_bool();
        state_dir: text("state_dir");
        max_batch_events: number("max_batch_events").and_then(|number| usize::try_from(number).ok());
        max_batch_age: time("max_batch_age");
        spool_max_bytes: number("spool_max_bytes");
        block_timeout: time("block_timeout");
        response_timeout: time("response_timeout");
        retry_base: time("retry_base");
        retry_cap: time("retry_cap");
        clock_retry: time("clock_retry");
        on_full: text("on_full").map(|name| match name.as_str() {
            "reject" => OnFull::Reject,
            "drop_oldest" => OnFull::DropOldest,
            _ => OnFull::Block,
        });
        transport: text("transport").map(|name| match name.as_str() {
            "grpc" => Transport::Grpc,
            "json" => Transport::Json,
            _ => Transport::Auto,
        });
    }
    Ok(builder)
}
