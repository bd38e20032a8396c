//! `plugin.json` and `openclone.conf`: what a plugin is, and how its user has set it up.

use std::{
    collections::BTreeMap,
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{common, error::Error};
use crate::v1::{Sensitivity, SourceType};

/// The setting that switches a plugin on.
const SWITCH: &str = "openclone.enabled";
const TYPES: [&str; 6] = ["integer", "number", "string", "boolean", "array", "object"];

/// What `plugin.json` says of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Where it is, beside `openclone.conf`.
    pub dir: PathBuf,
    /// Kebab-case.
    pub id: String,
    /// SemVer.
    pub version: String,
    /// For people.
    pub name: String,
    /// What the plugin captures.
    pub source_types: Vec<SourceType>,
    /// As declared, and at least that of the source types.
    pub sensitivity: Sensitivity,
    /// How often it reports that it works; 0 if not.
    pub heartbeat_seconds: u32,
    schema: Map<String, Value>,
}

/// The settings of a plugin by name, checked against its `config_schema`. Integers are written without a fraction.
pub type Config = BTreeMap<String, Value>;

impl Manifest {
    /// Reads `plugin.json` in `dir`: `OPENCLONE_PLUGIN_DIR`, else the working directory, if `None`.
    ///
    /// # Errors
    ///
    /// `InvalidOptions`, when it cannot be read or a member is missing.
    pub fn read(dir: Option<&Path>) -> Result<Self, Error> {
        let dir = dir
            .map(Path::to_owned)
            .or_else(|| {
                env::var_os("OPENCLONE_PLUGIN_DIR")
                    .filter(|dir| !dir.is_empty())
                    .map(PathBuf::from)
            })
            .unwrap_or_else(|| PathBuf::from("."));
        let path = dir.join("plugin.json");
        let cannot = |reason: String| invalid(format!("{}: {reason}", path.display()));
        let text = fs::read_to_string(&path).map_err(|error| cannot(error.to_string()))?;
        let document: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| cannot(error.to_string()))?;
        Self::of(dir.clone(), &document).ok_or_else(|| {
            cannot("a member is missing or not of its type; openclone plugins lint says more".to_owned())
        })
    }

    fn of(dir: PathBuf, document: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| document.get(name)?.as_str().map(str::to_owned);
        let source_types: Vec<SourceType> = document
            .get("source_types")?
            .as_array()?
            .iter()
            .map(|name| SourceType::from_json_name(name.as_str()?))
            .collect::<Option<_>>()?;
        let least = source_types
            .iter()
            .map(|known| sensitivity_of(*known))
            .max_by_key(|level| *level as i32)?;
        let declared = level(&text("sensitivity")?)?;
        let schema = match document.get("config_schema") {
            Some(schema) => schema.as_object()?.clone(),
            None => Map::new(),
        };
        let is_known = |setting: &Value| {
            setting
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| TYPES.contains(&kind))
        };
        let heartbeat = match document.get("heartbeat_seconds") {
            Some(seconds) => u32::try_from(seconds.as_u64()?).ok()?,
            None => 0,
        };
        schema.values().all(is_known).then_some(Self {
            dir,
            id: text("id")?,
            version: text("version")?,
            name: text("name")?,
            source_types,
            sensitivity: if least as i32 > declared as i32 {
                least
            } else {
                declared
            },
            heartbeat_seconds: heartbeat,
            schema,
        })
    }

    /// Whether the user has to agree before it captures anything: HIGH and CRITICAL.
    #[must_use]
    pub const fn needs_consent(&self) -> bool {
        self.sensitivity as i32 >= Sensitivity::High as i32
    }

    /// Reads `openclone.conf`; what it leaves out has its default.
    ///
    /// # Errors
    ///
    /// `InvalidOptions`, which names file and line.
    pub fn config(&self) -> Result<Config, Error> {
        let default = |(name, setting): (&String, &Value)| {
            Some((name.clone(), whole(setting, setting.get("default")?.clone())))
        };
        let mut values: Config = self.schema.iter().filter_map(default).collect();
        let path = self.dir.join("openclone.conf");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(values),
            read => read.map_err(|error| invalid(format!("{}: {error}", path.display())))?,
        };
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = self
                .setting(line)
                .map_err(|reason| invalid(format!("{}:{}: {reason}", path.display(), index + 1)))?;
            values.insert(name, value);
        }
        Ok(values)
    }

    fn setting(&self, line: &str) -> Result<(String, Value), String> {
        let (name, text) = line.split_once('=').ok_or("write `name = value`")?;
        let (name, text) = (name.trim(), text.trim());
        let setting = self.schema.get(name).ok_or_else(|| {
            let known: Vec<_> = self.schema.keys().map(String::as_str).collect();
            format!(
                "there is no setting {name}; the settings are {}",
                known.join(", ")
            )
        })?;
        let value = value(text, setting).map_err(|reason| format!("{name} {reason}"))?;
        Ok((name.to_owned(), value))
    }
}

/// Why a plugin may not send, and what to do about it; `None` if it may.
pub(super) fn why_off(
    plugin_id: &str,
    source_types: &[SourceType],
    manifest: Option<(&Manifest, &Config)>,
    home: &Path,
    named: &str,
) -> Result<Option<String>, Error> {
    const NO_IDS: [&str; 8] = ["0", "1", "true", "false", "yes", "no", "on", "off"];
    let names: Vec<_> = named.split(',').map(str::trim).collect();
    if let Some(wrong) = names
        .iter()
        .find(|name| NO_IDS.contains(&name.to_ascii_lowercase().as_str()))
    {
        return Err(Error::InvalidOptions {
            option: "OPENCLONE_ENABLED",
            reason: format!("lists ids of plugins, such as my-plugin,other-plugin, not {wrong}"),
        });
    }
    let is_named = names.contains(&plugin_id);
    let enable = format!("openclone plugins enable {plugin_id}");
    let Some((manifest, config)) = manifest else {
        let is_sensitive = |known: &SourceType| sensitivity_of(*known) as i32 >= Sensitivity::High as i32;
        let is_off = !is_named && source_types.iter().any(is_sensitive);
        return Ok(is_off.then(|| {
            format!("{plugin_id} is not switched on: ask the user, then set enabled(true), or OPENCLONE_ENABLED={plugin_id}")
        }));
    };
    if !is_named && config.get(SWITCH) != Some(&Value::Bool(true)) {
        let conf = manifest.dir.join("openclone.conf");
        return Ok(Some(format!(
            "{plugin_id} is not switched on: run {enable}, or set {SWITCH} = true in {}",
            conf.display()
        )));
    }
    if manifest.needs_consent() && !has_consent(manifest, home) {
        return Ok(Some(format!(
            "{plugin_id} captures {} data and has no consent: run {enable}",
            manifest.sensitivity.json_name()
        )));
    }
    Ok(None)
}

fn has_consent(manifest: &Manifest, home: &Path) -> bool {
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    common::consent_to(home, &manifest.id).is_some_and(|(sensitivity, version)| {
        level(&sensitivity).is_some_and(|given| given as i32 >= manifest.sensitivity as i32)
            && major(&version) == major(&manifest.version)
    })
}

fn level(name: &str) -> Option<Sensitivity> {
    use Sensitivity::{Critical, High, Low, Medium};
    [Low, Medium, High, Critical]
        .into_iter()
        .find(|level| level.json_name() == name)
}

fn sensitivity_of(source_type: SourceType) -> Sensitivity {
    source_type
        .to_core()
        .map_or(Sensitivity::Low, |known| Sensitivity::from(known.sensitivity()))
}

fn value(text: &str, setting: &Value) -> Result<Value, String> {
    let kind = setting.get("type").and_then(Value::as_str).unwrap_or_default();
    let value = if kind == "string" && !text.starts_with('"') {
        Value::String(text.to_owned())
    } else {
        whole(setting, serde_json::from_str(text).unwrap_or(Value::Null))
    };
    if !fits(kind, &value) {
        return Err(format!("must be of type {kind}, such as {}", setting["default"]));
    }
    if let Some(allowed) = setting.get("enum").and_then(Value::as_array)
        && !allowed.iter().any(|one| whole(setting, one.clone()) == value)
    {
        let shown: Vec<_> = allowed
            .iter()
            .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
            .collect();
        return Err(format!("must be one of {}", shown.join(", ")));
    }
    let bound = |name: &str| setting.get(name).and_then(Value::as_f64);
    if let Some(number) = value.as_f64() {
        if let Some(least) = bound("minimum").filter(|least| number < *least) {
            return Err(format!("must be at least {least}"));
        }
        if let Some(most) = bound("maximum").filter(|most| number > *most) {
            return Err(format!("must be at most {most}"));
        }
    }
    Ok(value)
}

/// A number without a fraction becomes an integer where the schema wants one.
#[expect(clippy::cast_possible_truncation, reason = "compared before")]
fn whole(setting: &Value, value: Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(number)
            if setting["type"] == "integer"
                && value.is_f64()
                && number.fract() == 0.0
                && number.abs() < EXACT =>
        {
            Value::from(number as i64)
        }
        _ => value,
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn invalid(reason: String) -> Error {
    Error::InvalidOptions {
        option: "manifest",
        reason,
    }
}

#[cfg(test)]
mod tests;
