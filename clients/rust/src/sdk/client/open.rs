//! Opens a client: its lanes, and the tasks that look after them.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use bytes::Bytes;
use prost::Message as _;
use tokio::sync::{Notify, watch};

use super::{Client, Shared, lock, shared::Counts};
use crate::{
    sdk::{
        common,
        error::{Error, Notice},
        health::Health,
        key::{Key, Source},
        options::{Builder, Transport},
        sender,
        spool::Spool,
        state::{StateDir, make_directory, spool_error},
    },
    v1::SourceType,
};

/// How often written data are made durable.
const SYNC: Duration = Duration::from_secs(1);

impl Client {
    pub(in crate::sdk) async fn open(mut options: Builder) -> Result<Self, Error> {
        let temporary = options.memory.is_some().then(temporary).transpose()?;
        if let Some(dir) = &temporary {
            options.state_dir.get_or_insert_with(|| dir.join("state"));
            if matches!(options.key, Source::Environment) {
                options.key = Source::Fixed("in-memory".to_owned());
            }
        }
        let opened = Self::open_in(options, temporary.as_deref());
        if opened.is_err() {
            remove(temporary.as_deref());
        }
        let (mut client, lanes) = opened?;
        client.temporary = temporary;
        let mut tasks: Vec<_> = lanes
            .iter()
            .flat_map(|lane| {
                [
                    tokio::spawn(sender::run(Arc::clone(lane))),
                    tokio::spawn(keep_durable(Arc::clone(lane))),
                ]
            })
            .collect();
        if client.options.memory.is_none() && client.options.transport != Transport::Json {
            tasks.push(tokio::spawn(Arc::clone(&client.reporter).run(lanes)));
            if !client.options.heartbeat.is_zero() && client.is_enabled() {
                client.report_health(Health::Capturing, "");
            }
        }
        *lock(&client.tasks) = tasks;
        Ok(client)
    }

    fn open_in(options: Builder, temporary: Option<&Path>) -> Result<(Self, Vec<Arc<Shared>>), Error> {
        let key = Arc::new(Key::new(&options.key)?);
        let home = match temporary {
            Some(dir) => dir.to_owned(),
            None => common::home()?,
        };
        let why_off = options.why_off(&home)?;
        let device_id = common::device_id(&home)?;
        let state = Arc::new(StateDir::open(&options.state_path()?)?);
        let mut client = Self {
            options,
            home,
            device_id,
            why_off,
            state,
            lanes: Vec::new(),
            reporter: Arc::default(),
            tasks: Mutex::default(),
            is_closed: AtomicBool::new(false),
            temporary: None,
        };
        client.open_lanes(&key)?;
        let lanes = client.lanes.clone();
        Ok((client, lanes))
    }

    /// One lane for each source type, and for each that an earlier client has left a queue of.
    fn open_lanes(&mut self, key: &Arc<Key>) -> Result<(), Error> {
        let mut types = self.options.source_types.clone();
        for left in self.state.queues() {
            if let Some(known) = SourceType::from_json_name(&left).filter(|known| !types.contains(known)) {
                types.push(known);
            }
        }
        let max_bytes = self.options.spool_max_bytes / types.len() as u64;
        for (index, source_type) in types.into_iter().enumerate() {
            // The first one has the directory that other clients look into.
            let dir = match index {
                0 => self.state.spool(),
                _ => self.state.spool_of(source_type.json_name())?,
            };
            let header = self
                .options
                .header(source_type, self.device_id.clone())
                .encode_to_vec();
            let (spool, found) =
                Spool::open(&dir, &self.state.dead_letter(), Bytes::from(header), max_bytes)?;
            for path in found.damaged {
                (self.options.on_error)(&Notice::Damaged(path));
            }
            self.lanes.push(Arc::new(Shared {
                source_type,
                device_id: self.device_id.clone(),
                key: Arc::clone(key),
                options: self.options.clone(),
                max_bytes,
                max_age: AtomicU64::new(0),
                state: Arc::clone(&self.state),
                spool: Mutex::new(spool),
                counts: Counts::default(),
                wake: Notify::new(),
                wants_more: AtomicBool::new(true),
                room: Notify::new(),
                flush_to: AtomicU64::new(0),
                progress: watch::Sender::default(),
            }));
        }
        Ok(())
    }
}

/// A directory for a client in memory.
fn temporary() -> Result<PathBuf, Error> {
    let dir = std::env::temp_dir().join(format!("openclone-{}", uuid::Uuid::new_v4()));
    make_directory(&dir).map_err(|source| spool_error(&dir, source))?;
    Ok(dir)
}

pub(super) fn remove(temporary: Option<&Path>) {
    if let Some(dir) = temporary {
        // What stays is in the directory of temporary files.
        let _ = std::fs::remove_dir_all(dir);
    }
}

async fn keep_durable(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(SYNC).await;
        if let Err(error) = shared.sync().await {
            (shared.options.on_error)(&Notice::SpoolError(error.to_string()));
        }
    }
}
