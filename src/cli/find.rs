//! `openclone find`: prints the file and line of an event.

use clap::Args;

use super::{Failure, HomePaths, maintenance::Vaults, say};

/// Find an event in the vaults.
#[derive(Debug, Args)]
pub(super) struct Find {
    #[command(flatten)]
    paths: HomePaths,
    /// Search the vault of this tenant only
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// The raw_ref of the event, or its id with or without ^oc-
    #[arg(value_name = "RAW_REF|ID")]
    wanted: String,
}

impl Find {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.wanted.is_empty() {
            return Err(Failure::Usage("find: the raw_ref or id is empty".into()));
        }
        let vaults = Vaults::of(&self.paths)?;
        let mut found = 0_u64;
        let not_searched =
            vaults
                .maintenance
                .find(&self.wanted, self.tenant.as_deref(), &mut |location| {
                    found += 1;
                    say(&format!(
                        "{}:{} ^oc-{}",
                        location.path, location.line, location.id
                    ));
                })?;
        if let Some((what, reason)) = not_searched.unread.first() {
            let others = not_searched.unread.len() - 1;
            return Err(anyhow::anyhow!("cannot read {what}: {reason} ({others} others)").into());
        }
        if found == 0 {
            let links = match not_searched.links.first() {
                Some(link) => format!("; symbolic links are not followed, such as {link}"),
                None => String::new(),
            };
            return Err(anyhow::anyhow!("event {:?} not found in any vault{links}", self.wanted).into());
        }
        Ok(())
    }
}
