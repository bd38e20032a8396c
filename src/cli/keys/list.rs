//! `openclone keys list`: lists keys without their secrets.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{super::say, Failure};
use crate::{
    auth::{KeysFile, keys_file::KeyRecord, last_use},
    config::home::Home,
};

/// List all keys.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only keys of this tenant
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    tenant: String,
    label: String,
    state: &'static str,
    scopes: Vec<String>,
    plugin: Option<String>,
    requests_per_minute: Option<u32>,
    events_per_second: Option<u32>,
    created_at: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
}

impl List {
    pub(super) fn run(&self, home: &Home) -> Result<(), Failure> {
        let uses = last_use::read(&home.key_uses());
        let now = Timestamp::now();
        let mut rows: Vec<_> = env_row(home, &uses).into_iter().collect();
        let file = KeysFile::read(&home.keys())?;
        rows.extend(
            file.iter()
                .flat_map(|file| &file.keys)
                .map(|key| row(key, &uses, now)),
        );
        rows.retain(|row| self.tenant.as_ref().is_none_or(|tenant| *tenant == row.tenant));
        if self.json {
            say(&serde_json::to_string_pretty(&rows)?);
        } else {
            say(table(&rows).trim_end());
        }
        Ok(())
    }
}

/// The key of `.env`, if there is one.
fn env_row(home: &Home, uses: &BTreeMap<String, Timestamp>) -> Option<Row> {
    home.key(None).ok().flatten().map(|_| Row {
        id: "env".into(),
        tenant: "default".into(),
        label: ".env".into(),
        state: "active",
        scopes: vec!["*".into()],
        plugin: None,
        requests_per_minute: None,
        events_per_second: None,
        created_at: None,
        expires_at: None,
        revoked_at: None,
        last_used_at: uses.get("env").map(ToString::to_string),
    })
}

fn row(key: &KeyRecord, uses: &BTreeMap<String, Timestamp>, now: Timestamp) -> Row {
    let text = |timestamp: Option<Timestamp>| timestamp.map(|timestamp| timestamp.to_string());
    let state = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ => "active",
    };
    Row {
        id: key.id.clone(),
        tenant: key.tenant.clone(),
        label: key.label.clone(),
        state,
        scopes: key.scopes.iter().map(ToString::to_string).collect(),
        plugin: key.plugin.clone(),
        requests_per_minute: key.requests_per_minute,
        events_per_second: key.events_per_second,
        created_at: text(key.created_at),
        expires_at: text(key.expires_at),
        revoked_at: text(key.revoked_at),
        last_used_at: uses.get(&key.id).map(ToString::to_string),
    }
}

fn table(rows: &[Row]) -> String {
    let head = [
        "ID", "TENANT", "STATE", "LAST USE", "EXPIRES", "PLUGIN", "REQ/MIN", "SCOPES", "LABEL",
    ];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: [usize; 9] = std::array::from_fn(|column| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let mut out = String::new();
    for line in &lines {
        let padded: Vec<_> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(padded.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn cells(row: &Row) -> [String; 9] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    [
        row.id.clone(),
        row.tenant.clone(),
        row.state.to_owned(),
        row.last_used_at.clone().unwrap_or_else(|| "never".into()),
        row.expires_at.clone().unwrap_or_else(|| "never".into()),
        or_dash(&row.plugin),
        or_dash(&row.requests_per_minute.map(|rate| rate.to_string())),
        row.scopes.join(","),
        row.label.clone(),
    ]
}
