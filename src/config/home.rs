//! The home directory, which contains all files of one service.
//!
//! [`Home::inspect`] only reads; [`Home::prepare`] creates missing files. A start makes all checks first, so that a failed start
//! changes nothing.

pub mod dotenv;
pub(crate) mod files;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};
use secrecy::SecretString;

use super::options;
use dotenv::DotenvError;

/// The home directory.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

/// The home directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// None of `--home`, `OPENCLONE_HOME` and `HOME` is set.
    #[error("no home directory: set --home or OPENCLONE_HOME")]
    Unknown,
    /// The directory or something in it cannot be used.
    #[error("cannot use {}: {reason}", path.display())]
    Unusable {
        /// The path.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The key in `.env` or in the environment cannot be used.
    #[error(transparent)]
    Dotenv(#[from] DotenvError),
}

/// The key of tenant `default`.
#[derive(Debug)]
pub struct ApiKey {
    /// The key.
    pub secret: SecretString,
    /// Whether this start generated it.
    pub new: bool,
}

impl Home {
    /// The home at `dir`, else at `~/.openclone`.
    ///
    /// # Errors
    /// When neither is known.
    pub fn locate(dir: Option<PathBuf>) -> Result<Self, HomeError> {
        let user = || std::env::var_os("HOME").filter(|home| !home.is_empty());
        let dir = dir
            .filter(|dir| !dir.as_os_str().is_empty())
            .or_else(|| Some(PathBuf::from(user()?).join(".openclone")))
            .ok_or(HomeError::Unknown)?;
        let dir = std::path::absolute(&dir).map_err(|error| unusable(&dir, error))?;
        Ok(Self { dir })
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The config file.
    pub fn config_file(&self) -> PathBuf {
        self.dir.join("openclone.toml")
    }

    /// The file with the key of tenant `default`.
    pub fn dotenv(&self) -> PathBuf {
        self.dir.join(".env")
    }

    /// Further keys.
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys.toml")
    }

    /// When keys were last used.
    pub fn key_uses(&self) -> PathBuf {
        self.dir.join("keys-used.toml")
    }

    /// The default vault of tenant `default`.
    pub fn vault(&self) -> PathBuf {
        self.dir.join("vault")
    }

    /// The vaults of further tenants.
    pub fn tenants(&self) -> PathBuf {
        self.dir.join("tenants")
    }

    /// The manifests of installed plugins.
    pub fn plugins(&self) -> PathBuf {
        self.dir.join("plugins")
    }

    /// The keys of enabled plugins, one file each.
    pub fn plugin_keys(&self) -> PathBuf {
        self.dir.join("plugin-keys")
    }

    /// The index: the ids of all events.
    pub fn db(&self) -> PathBuf {
        self.dir.join("db")
    }

    /// The write-ahead log. Its id is beside it, in `wal.id`.
    pub fn wal(&self) -> PathBuf {
        self.dir.join("wal")
    }

    /// Ids of events that `openclone forget` deleted.
    pub fn forgotten(&self) -> PathBuf {
        self.dir.join("forgotten")
    }

    /// The key, if there is one; changes nothing. `variable` is the value of `API_KEY`, which takes precedence.
    ///
    /// # Errors
    /// When the key or `.env` is invalid.
    pub fn key(&self, variable: Option<&str>) -> Result<Option<SecretString>, HomeError> {
        match variable {
            Some(text) => Ok(Some(dotenv::from_variable(text)?)),
            None => Ok(dotenv::read(&self.dotenv())?),
        }
    }

    /// Checks that home and vault can be used or created; changes nothing.
    ///
    /// # Errors
    /// When one of them is not a directory or not writable.
    pub fn inspect(&self, vault: &Path) -> Result<(), HomeError> {
        let dirs = [
            &self.dir,
            &self.db(),
            &self.wal(),
            &self.tenants(),
            &self.plugins(),
            vault,
        ];
        for dir in dirs {
            inspect_dir(dir)?;
        }
        Ok(())
    }

    /// Creates what is missing: the directory, the commented config file, and the key unless `known` has one.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn prepare(&self, known: Option<SecretString>) -> Result<ApiKey, HomeError> {
        files::make_private_dir(&self.dir).map_err(|error| unusable(&self.dir, error))?;
        // two first starts at the same time must not generate two keys; closing the directory releases the lock
        let lock = fs::File::open(&self.dir).map_err(|error| unusable(&self.dir, error))?;
        lock.lock().map_err(|error| unusable(&self.dir, error))?;
        let known = match known {
            None => dotenv::read(&self.dotenv())?,
            known => known,
        };
        let key = match known {
            Some(secret) => ApiKey { secret, new: false },
            None => ApiKey {
                secret: dotenv::create(&self.dotenv())?,
                new: true,
            },
        };
        let options = self.config_file();
        files::write_new_private(&options, options::commented_file().as_bytes())
            .map_err(|error| unusable(&options, error))?;
        Ok(key)
    }
}

/// Checks that `dir`, or its nearest existing ancestor, is a writable directory.
fn inspect_dir(dir: &Path) -> Result<(), HomeError> {
    for ancestor in dir
        .ancestors()
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
    {
        let metadata = match fs::metadata(ancestor) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(ancestor).is_err() => {
                continue;
            }
            Err(error) => return Err(unusable(ancestor, error)),
        };
        if !metadata.is_dir() {
            return Err(HomeError::Unusable {
                path: ancestor.to_owned(),
                reason: "not a directory".into(),
            });
        }
        return access(ancestor, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| unusable(ancestor, std::io::Error::from(error)));
    }
    Ok(())
}

fn unusable(path: &Path, error: std::io::Error) -> HomeError {
    HomeError::Unusable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_first_start_makes_a_private_home_and_a_second_one_keeps_it() {
        let temp = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(temp.path().join("a/home"))).unwrap();
        home.inspect(&home.vault()).unwrap();
        assert!(!home.dir().exists(), "inspection changes nothing");
        let first = home.prepare(home.key(None).unwrap()).unwrap();
        assert!(first.new && first.secret.expose_secret().starts_with("oc_"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(home.dir()), 0o700);
        assert_eq!(mode(&home.dotenv()), 0o600);
        assert_eq!(mode(&home.config_file()), 0o600);
        fs::write(home.config_file(), "# mine\n").unwrap();
        let second = home.prepare(home.key(None).unwrap()).unwrap();
        assert!(!second.new);
        assert_eq!(first.secret.expose_secret(), second.secret.expose_secret());
        assert_eq!(fs::read_to_string(home.config_file()).unwrap(), "# mine\n");
        assert_eq!(
            fs::read_dir(home.dir()).unwrap().count(),
            2,
            "nothing temporary is left"
        );
    }

    #[test]
    fn a_file_in_place_of_the_home_fails_before_anything_is_created() {
        let temp = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(temp.path().join("home"))).unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        let error = home.inspect(&file).unwrap_err().to_string();
        assert_eq!(error, format!("cannot use {}: not a directory", file.display()));
        assert!(home.inspect(&file.join("vault")).is_err());
        assert!(!home.dir().exists());
    }

    #[test]
    fn first_starts_at_the_same_time_agree_on_one_key() {
        for _ in 0..20 {
            let dir = tempfile::tempdir().unwrap();
            let home = Home::locate(Some(dir.path().join("home"))).unwrap();
            let barrier = std::sync::Barrier::new(4);
            let keys: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            let known = home.key(None).unwrap();
                            home.prepare(known).unwrap()
                        })
                    })
                    .collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect()
            });
            let text = fs::read_to_string(home.dotenv()).unwrap();
            assert_eq!(text.matches("API_KEY=").count(), 1, "{text}");
            assert_eq!(keys.iter().filter(|key| key.new).count(), 1);
            for key in &keys {
                assert!(text.contains(key.secret.expose_secret()), "{text}");
            }
        }
    }
}
