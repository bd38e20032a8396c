//! `openclone keys`: makes, shows and revokes keys in `<home>/keys.toml`. A running service sees the change at once.

mod add;
mod list;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Failure, Place, say};
use crate::{
    auth::{KeysFile, token},
    config::home::Home,
};

/// Makes, shows and revokes keys.
#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a key and prints it, this once.
    Add(add::Add),
    /// Shows all keys, never their secrets.
    List(list::List),
    /// Ends a key for good: at once for requests, within seconds for streams.
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Revoke {
    /// The key's id, as `keys list` shows it, or the key itself
    id: String,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.place.home()?;
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
                    "the key env stands in {}; change it there and restart the service",
                    file.display()
                )));
            }
            // what was given may be a secret, so it is not shown
            None => {
                return Err(Failure::Usage(
                    "this is no id of a key; see: openclone keys list".into(),
                ));
            }
        };
        let path = home.keys();
        if !path.exists() {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{}: there is no key {id}",
                path.display()
            )));
        }
        let before = KeysFile::change(&path, |file| {
            let known = file.keys.iter_mut().find(|key| key.id == id);
            let key = known.ok_or_else(|| format!("there is no key {id}"))?;
            let before = key.revoked_at;
            key.revoked_at.get_or_insert_with(now);
            Ok(before)
        })?;
        match before {
            Some(moment) => say(&format!("key {id} was revoked at {moment} already")),
            None => say(&format!("revoked key {id}")),
        }
        Ok(())
    }
}

/// This second.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
