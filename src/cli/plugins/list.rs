//! `openclone plugins list`: what the registry of this home shows, without figures, which only a running service has.

use clap::Args;
use openclone_client::v1::{ListPluginsRequest, ListPluginsResponse, Platform, Plugin, SourceType};
use openclone_gateway::PluginList;

use super::{Failure, HomePaths, platform, say, source_type};
use crate::{config::Enforce, registry::Registry};

/// Lists plugins.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    paths: HomePaths,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only plugins for this platform
    #[arg(long, value_name = "NAME", value_parser = platform)]
    platform: Option<Platform>,
    /// Only plugins that write this source type
    #[arg(long, value_name = "NAME", value_parser = source_type)]
    source_type: Option<SourceType>,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let registry = Registry::load(&self.paths.home()?.plugins(), Enforce::Off);
        let filter = ListPluginsRequest {
            platform: self.platform.unwrap_or_default() as i32,
            source_type: self.source_type.unwrap_or_default() as i32,
        };
        let list = registry.list("", &filter);
        if self.json {
            say(&json(list)?);
        } else {
            say(table(&list).trim_end());
        }
        Ok(())
    }
}

/// As `GET /api/v1/plugins` has it.
fn json(list: ListPluginsResponse) -> Result<String, serde_json::Error> {
    let mut shown = serde_json::to_value(PluginList::from(list))?;
    for plugin in shown["plugins"].as_array_mut().into_iter().flatten() {
        plugin.as_object_mut().map(|members| members.remove("activity"));
    }
    serde_json::to_string_pretty(&shown)
}

fn table(list: &ListPluginsResponse) -> String {
    let heads = [
        "ID",
        "INSTALLED",
        "STATUS",
        "SENSITIVITY",
        "SOURCE TYPES",
        "PLATFORMS",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(list.plugins.iter().map(row));
    let widths = std::array::from_fn::<usize, 6, _>(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    for plugin in &list.plugins {
        for warning in &plugin.warnings {
            text.push_str(&format!("\nwarning: {}: {warning}", plugin.id));
        }
    }
    for one in &list.rejected {
        for error in &one.faults {
            let reason = format!("{} {}", error.path, error.reason);
            text.push_str(&format!("\nrejected: {}: {}", one.path, reason.trim()));
        }
    }
    text
}

fn row(plugin: &Plugin) -> [String; 6] {
    let installed = if plugin.installed { &plugin.version } else { "-" };
    let status = plugin.status().json_name();
    [
        plugin.id.clone(),
        installed.to_owned(),
        if status.is_empty() { "-" } else { status }.to_owned(),
        plugin.sensitivity().json_name().to_owned(),
        plugin
            .source_types()
            .map(SourceType::json_name)
            .collect::<Vec<_>>()
            .join(", "),
        plugin
            .platforms()
            .map(Platform::json_name)
            .collect::<Vec<_>>()
            .join(", "),
    ]
}
