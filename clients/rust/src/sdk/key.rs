//! The API key, and where a renewed one comes from.

use std::{
    env, fmt, fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderValue;

use super::error::Error;

/// The first and the longest pause before another key is asked for.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Gives the key, or says why not.
pub(super) type Provider = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Where the key comes from.
#[derive(Clone, Default)]
pub(super) enum Source {
    /// `OPENCLONE_API_KEY`, else `API_KEY`, else the file named by `OPENCLONE_API_KEY_FILE`.
    #[default]
    Environment,
    Fixed(String),
    File(PathBuf),
    Provider(Provider),
}

/// Gives the key for each connection; never shows it.
pub(super) struct Key {
    source: Source,
    used: Mutex<String>,
}

impl Key {
    /// Asks for the key once.
    pub(super) fn new(source: &Source) -> Result<Self, Error> {
        let key = Self {
            source: from_environment(source),
            used: Mutex::default(),
        };
        key.get()?;
        Ok(key)
    }

    /// Whether another key may come.
    pub(super) const fn is_renewable(&self) -> bool {
        matches!(self.source, Source::File(_) | Source::Provider(_))
    }

    /// The key for a connection.
    pub(super) fn get(&self) -> Result<String, Error> {
        let key = self.ask()?;
        self.used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&key);
        Ok(key)
    }

    /// Returns when there is another key than the one that was rejected.
    pub(super) async fn wait_for_another(&self) {
        let rejected = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut pause = PAUSES.0;
        while !self.ask().is_ok_and(|key| key != rejected) {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    fn ask(&self) -> Result<String, Error> {
        let key = match &self.source {
            Source::Environment => Ok(String::new()),
            Source::Fixed(key) => Ok(key.clone()),
            Source::File(path) => match fs::read_to_string(path) {
                Ok(text) => Ok(text.trim().to_owned()),
                Err(error) => Err(format!("cannot read {}: {error}", path.display())),
            },
            Source::Provider(provide) => provide(),
        };
        let key = key.map_err(invalid)?;
        // The key itself must not be shown.
        if key.is_empty() || HeaderValue::from_str(&key).is_err() {
            return Err(invalid(
                "must be set, here, in OPENCLONE_API_KEY or in the file of OPENCLONE_API_KEY_FILE, and printable".to_owned(),
            ));
        }
        Ok(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key")
    }
}

fn from_environment(source: &Source) -> Source {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    match source {
        Source::Environment => variable("OPENCLONE_API_KEY")
            .or_else(|| variable("API_KEY"))
            .map(Source::Fixed)
            .or_else(|| variable("OPENCLONE_API_KEY_FILE").map(|path| Source::File(path.into())))
            .unwrap_or_default(),
        given => given.clone(),
    }
}

fn invalid(reason: String) -> Error {
    Error::InvalidOptions {
        option: "api_key",
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_in_a_file_is_renewable() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        assert_eq!(
            Key::new(&Source::File(path.clone())).unwrap_err().name(),
            "InvalidOptions"
        );
        fs::write(&path, "first\n").unwrap();
        let key = Key::new(&Source::File(path.clone())).unwrap();
        assert!(key.is_renewable());
        assert_eq!(key.get().unwrap(), "first");
        fs::write(&path, "second\n").unwrap();
        key.wait_for_another().await;
        assert_eq!(key.get().unwrap(), "second");
        assert!(!Key::new(&Source::Fixed("k".to_owned())).unwrap().is_renewable());
    }
}
