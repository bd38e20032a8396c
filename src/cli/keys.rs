//! `openclone keys`: manages the keys in `<home>/keys.toml`. A running service applies changes within 200 ms.

mod add;
mod list;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Failure, HomePaths, say};
use crate::{
    auth::{KeysFile, token},
    config::home::Home,
};

/// Manage API keys.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(flatten)]
    paths: HomePaths,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a key and print it, once.
    Add(add::Add),
    /// List all keys, without their secrets.
    List(list::List),
    /// Revoke a key: requests within 200 ms, open streams within about 2 s.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Revoke {
    /// Id of the key, as shown by `keys list`, or the key itself
    id: String,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        match self.command {
            Command::Add(add) => add.run(&home),
            Command::List(list) => list.run(&home),
            Command::Revoke(revoke) => revoke.run(&home),
        }
    }
}

impl Revoke {
    fn run(&self, home: &Home) -> Result<(), Failure> {
        let id = match token::id_of(&self.id) {
            Some(id) => id,
            None if token::is_id(&self.id) => &self.id,
            None if self.id == "env" => {
                let file = home.dotenv();
                return Err(Failure::Usage(format!(
                    "the key env is in {}; change it there and restart the service",
                    file.display()
                )));
            }
            // the argument may be a secret, so the error does not show it
            None => {
                return Err(Failure::Usage(
                    "not an id of a key; see: openclone keys list".into(),
                ));
            }
        };
        let path = home.keys();
        if !path.exists() {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{}: key {id} does not exist",
                path.display()
            )));
        }
        let before = KeysFile::change(&path, |file| {
            let known = file.keys.iter_mut().find(|key| key.id == id);
            let key = known.ok_or_else(|| format!("key {id} does not exist"))?;
            let before = key.revoked_at;
            key.revoked_at.get_or_insert_with(now);
            Ok(before)
        })?;
        match before {
            Some(revoked_at) => say(&format!("key {id} was already revoked at {revoked_at}")),
            None => say(&format!("revoked key {id}")),
        }
        Ok(())
    }
}

/// The current time in whole seconds.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
