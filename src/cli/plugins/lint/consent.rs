//! A plugin captures nothing until somebody has turned it on: `openclone.enabled` is false by default.
//!
//! The manifest declares the setting under `config_schema`; a file `openclone.conf` of lines `key = value`, where there is
//! one, may turn it on in the author's working copy, which is only a hint: installing switches it off.

use std::path::Path;

use serde_json::Value;

use super::{super::tree, Report};
use crate::registry::manifest::{
    document::{self, Shape},
    violation::{Violations, line_at},
};

const KEY: &str = "openclone.enabled";
const CONF: &str = "openclone.conf";

pub(super) fn check(dir: &Path, manifest: &str, report: &mut Report) {
    // what is wrong with it as a whole has been text
    if let Some(root) = document::read(manifest, &mut Violations::new()) {
        let (at, reason) = match root
            .get("config_schema")
            .map(|schema| (schema.at, schema.get(KEY)))
        {
            None => (root.at, Some("is missing")),
            Some((at, None)) => (at, Some("is missing")),
            Some((_, Some(setting))) => {
                let default = setting.get("default").unwrap_or(setting);
                let is_off = matches!(default.shape, Shape::Scalar(Value::Bool(false)));
                let is_boolean = setting.get("type").and_then(|kind| kind.text()) == Some("boolean");
                (
                    default.at,
                    (!is_off || !is_boolean).then_some("must default to false"),
                )
            }
        };
        if let Some(reason) = reason {
            let text = format!("config_schema {KEY} {reason}: {{\"type\": \"boolean\", \"default\": false}}");
            report.find("plugin.json", line_at(manifest, at), text);
        }
    }
    if let Ok(Some(conf)) = tree::text(&dir.join(CONF), super::MAX_TEXT) {
        for (index, line) in conf.lines().enumerate() {
            let setting = line
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim()));
            if setting.is_some_and(|(key, value)| key == KEY && value != "false") {
                report.hint(
                    CONF,
                    index + 1,
                    format!("{KEY} is true in this working copy; publish it with false (an installed copy starts switched off)"),
                );
            }
        }
    }
}
