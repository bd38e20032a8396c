//! `<home>/keys.toml`: the keys besides the one in `.env`.
//!
//! ```toml
//! hash_key = "<64 hex digits>"         # generated once; all hashes depend on it
//!
//! [[key]]
//! id = "k7ohyq3a"
//! tenant = "ana"
//! label = "phone"
//! scopes = ["ingest:journal", "plugins:read"]
//! plugin = "voice-journal"             # optional: restricts the key to one plugin
//! requests_per_minute = 120            # optional: instead of limits.requests_per_minute
//! events_per_second = 50               # optional: instead of limits.events_per_second
//! created_at = "2026-02-26T14:30:00Z"
//! expires_at = "2026-05-27T14:30:00Z"  # optional
//! revoked_at = "2026-03-01T09:00:00Z"  # present once it is revoked
//! hash = "<64 hex digits>"             # BLAKE3 of the key under hash_key; the key itself is not stored
//! ```
//!
//! The file is accepted as a whole or rejected. Changes are written to a new file, which then replaces it.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use blake3::Hash;
use jiff::Timestamp;
use openclone_core::{PluginId, TenantId};
use serde::{Deserialize, Serialize};

use super::{Scope, token};
use crate::config::home::files;

/// The most characters of a label.
const LONGEST_LABEL: usize = 64;
/// The most keys.
const MAX_KEYS: usize = 100_000;

/// The content of the file, validated.
#[derive(Clone, Debug)]
pub struct KeysFile {
    /// The key of the hashes.
    pub hash_key: [u8; 32],
    /// All keys, including expired and revoked ones.
    pub keys: Vec<KeyRecord>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// 8 of `a-z2-7`.
    pub id: String,
    /// The tenant whose vault it writes to.
    pub tenant: String,
    /// Its name for people.
    pub label: String,
    /// Its scopes; never empty.
    pub scopes: Vec<Scope>,
    /// The plugin that it is restricted to.
    pub plugin: Option<String>,
    /// Requests per minute, instead of the configured rate; 0 means no limit.
    pub requests_per_minute: Option<u32>,
    /// Events per second on streams, instead of the configured rate; 0 means no limit.
    pub events_per_second: Option<u32>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// BLAKE3 of the key under [`KeysFile::hash_key`].
    pub hash: Hash,
}

/// The file is invalid. The message is one line without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct KeysError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub reason: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hash_key: String,
    #[serde(default)]
    key: Vec<WrittenKey>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    id: String,
    tenant: String,
    label: String,
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_per_second: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    hash: String,
}

impl KeysFile {
    /// A file without keys and with a new hash key.
    pub fn empty() -> Self {
        Self {
            hash_key: token::random(),
            keys: Vec::new(),
        }
    }

    /// Reads `path`; `None` if it does not exist.
    ///
    /// # Errors
    /// The first error in the file.
    pub fn read(path: &Path) -> Result<Option<Self>, KeysError> {
        let invalid = |reason: String| KeysError {
            path: path.to_owned(),
            reason,
        };
        match files::read_text(path) {
            Ok(Some(text)) => Self::parse(&text).map(Some).map_err(invalid),
            Ok(None) => Ok(None),
            Err(error) => Err(invalid(format!("cannot read the file: {error}"))),
        }
    }

    /// Changes the file at `path`, which is created if missing; a lock serialises changes by several processes.
    ///
    /// # Errors
    /// When it cannot be read or written, or `change` fails.
    pub fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, KeysError> {
        let invalid = |reason: String| KeysError {
            path: path.to_owned(),
            reason,
        };
        let dir = path.parent().unwrap_or(Path::new("."));
        let failed = |error: io::Error| invalid(error.to_string());
        // closing the descriptor releases the lock
        let lock = fs::File::open(dir).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut file = Self::read(path)?.unwrap_or_else(Self::empty);
        let result = change(&mut file).map_err(invalid)?;
        let text = file.render().map_err(invalid)?;
        Self::parse(&text).map_err(invalid)?;
        files::replace_private(path, text.as_bytes()).map_err(failed)?;
        Ok(result)
    }

    /// The hash of a key.
    pub fn hash(&self, key: &[u8]) -> Hash {
        blake3::keyed_hash(&self.hash_key, key)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| one_line(&error, text))?;
        let hash_key = Hash::from_hex(&written.hash_key).map_err(|_| "hash_key must be 64 hex digits")?;
        if written.key.len() > MAX_KEYS {
            return Err(format!("more than {MAX_KEYS} keys"));
        }
        let keys = written
            .key
            .into_iter()
            .enumerate()
            .map(|(index, key)| {
                let name = if token::is_id(&key.id) {
                    key.id.clone()
                } else {
                    format!("number {}", index + 1)
                };
                KeyRecord::check(key).map_err(|reason| format!("key {name}: {reason}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids = HashSet::new();
        match keys.iter().find(|key| !ids.insert(&key.id)) {
            Some(twice) => Err(format!("duplicate key {}", twice.id)),
            None => Ok(Self {
                hash_key: *hash_key.as_bytes(),
                keys,
            }),
        }
    }

    /// Checks that a valid file is the same after writing and reading it. Returns whether it was valid.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check_round_trip(text: &str) -> bool {
        let Ok(file) = Self::parse(text) else { return false };
        let again = file.render().and_then(|text| Self::parse(&text));
        assert!(again.is_ok_and(|again| again.keys == file.keys && again.hash_key == file.hash_key));
        true
    }

    fn render(&self) -> Result<String, String> {
        let written = Written {
            hash_key: Hash::from_bytes(self.hash_key).to_hex().to_string(),
            key: self.keys.iter().map(KeyRecord::written).collect(),
        };
        let body = toml::to_string(&written).map_err(|error| error.to_string())?;
        Ok(format!(
            "# Keys besides the one in .env. Written by `openclone keys`; a running service applies changes at once.\n{body}"
        ))
    }
}

impl KeyRecord {
    fn check(key: WrittenKey) -> Result<Self, String> {
        if !token::is_id(&key.id) {
            return Err("id: must be 8 of a-z and 2-7".into());
        }
        TenantId::check(&key.tenant)
            .map_err(|reason| format!("tenant {:?}: {reason}", short(&key.tenant)))?;
        check_label(&key.label)?;
        let scopes = parse_scopes(key.scopes.iter().map(String::as_str))?;
        if let Some(plugin) = &key.plugin {
            check_plugin(plugin)?;
        }
        Ok(Self {
            scopes,
            created_at: parse_time("created_at", key.created_at)?,
            expires_at: parse_time("expires_at", key.expires_at)?,
            revoked_at: parse_time("revoked_at", key.revoked_at)?,
            hash: Hash::from_hex(&key.hash).map_err(|_| "hash: must be 64 hex digits")?,
            id: key.id,
            tenant: key.tenant,
            label: key.label,
            plugin: key.plugin,
            requests_per_minute: key.requests_per_minute,
            events_per_second: key.events_per_second,
        })
    }

    fn written(&self) -> WrittenKey {
        let text = |timestamp: Option<Timestamp>| timestamp.map(|timestamp| timestamp.to_string());
        WrittenKey {
            id: self.id.clone(),
            tenant: self.tenant.clone(),
            label: self.label.clone(),
            scopes: self.scopes.iter().map(ToString::to_string).collect(),
            plugin: self.plugin.clone(),
            requests_per_minute: self.requests_per_minute,
            events_per_second: self.events_per_second,
            created_at: text(self.created_at),
            expires_at: text(self.expires_at),
            revoked_at: text(self.revoked_at),
            hash: self.hash.to_hex().to_string(),
        }
    }
}

/// Parses scopes; at least one is required.
///
/// # Errors
/// An unknown scope, or none.
pub fn parse_scopes<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Scope>, String> {
    let scopes = texts
        .into_iter()
        .map(|text| text.parse::<Scope>().map_err(|error| error.to_string()))
        .collect::<Result<Vec<_>, _>>()?;
    if scopes.is_empty() {
        return Err("scopes: a key needs at least one".into());
    }
    Ok(scopes)
}

/// Checks a label.
///
/// # Errors
/// The reason.
pub fn check_label(label: &str) -> Result<(), String> {
    let fits = (1..=LONGEST_LABEL).contains(&label.chars().count()) && !label.chars().any(char::is_control);
    if fits {
        Ok(())
    } else {
        Err(format!(
            "label: must have 1 to {LONGEST_LABEL} printable characters"
        ))
    }
}

/// Checks the id of a plugin.
///
/// # Errors
/// The reason.
pub fn check_plugin(plugin: &str) -> Result<(), String> {
    if PluginId::is_valid(plugin) {
        return Ok(());
    }
    Err(format!(
        "plugin {:?}: must have 1 to 64 of a-z, 0-9 and single hyphens between them",
        short(plugin)
    ))
}

fn parse_time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, String> {
    text.map(|text| {
        text.parse().map_err(|_| {
            format!(
                "{name} {:?}: not a time such as 2026-02-26T14:30:00Z",
                short(&text)
            )
        })
    })
    .transpose()
}

fn short(text: &str) -> String {
    text.chars().take(70).collect()
}

fn one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| format!("line {}: ", before.matches('\n').count() + 1));
    let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}{message}", line.unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
