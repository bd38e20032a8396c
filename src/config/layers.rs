//! The layers of options, lowest first, and the origin of each value.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use config::{File, FileFormat, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::{
    error::ConfigError,
    home::files,
    options::{self, OPTIONS},
};

/// The sources of the layers.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Path and text of the config file, if it exists.
    pub file: Option<(PathBuf, String)>,
    /// The environment; only `OPENCLONE_…` count.
    pub variables: BTreeMap<String, String>,
    /// Key, flag and value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// The layers of options.
#[derive(Debug)]
pub struct Layers {
    layers: Vec<(Origin, config::Config)>,
    /// Warnings, one line each.
    pub warnings: Vec<String>,
}

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Variables,
    Flags(BTreeMap<&'static str, &'static str>),
}

/// Variables of the command that are not options.
const OTHER_VARIABLES: [&str; 3] = ["OPENCLONE_HOME", "OPENCLONE_CONFIG", "OPENCLONE_ENDPOINT"];

impl Inputs {
    /// Reads `path`, if it exists, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, or is missing and `must_exist`.
    pub fn gather(path: &Path, must_exist: bool) -> Result<Self, ConfigError> {
        let unreadable = |reason: String| ConfigError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let file = match files::read_text(path) {
            Ok(Some(text)) => Some((path.to_owned(), text)),
            Ok(None) if must_exist => return Err(unreadable("no such file".into())),
            Ok(None) => None,
            // a home that is a file is reported when the home is checked
            Err(error) if is_absent(&error) && !must_exist => None,
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let variables = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self {
            file,
            variables,
            flags: Vec::new(),
        })
    }
}

impl Layers {
    /// Builds the layers and checks for unknown keys.
    ///
    /// # Errors
    /// When the file is not valid TOML or has an unknown key.
    pub fn new(inputs: Inputs) -> Result<Self, ConfigError> {
        let default_layer = parse_toml(&options::defaults()).map_err(|reason| ConfigError::Syntax {
            path: PathBuf::from("defaults"),
            reason,
        })?;
        let mut layers = vec![(Origin::Default, default_layer)];
        if let Some((path, text)) = inputs.file {
            layers.push((Origin::File(path.clone()), file_layer(&path, &text)?));
        }
        let (variables, warnings) = variable_layer(&inputs.variables);
        layers.push((Origin::Variables, variables));
        let names = inputs.flags.iter().map(|(key, flag, _)| (*key, *flag)).collect();
        let flags = inputs
            .flags
            .into_iter()
            .map(|(key, _, value)| (key.to_owned(), value));
        layers.push((Origin::Flags(names), overrides(flags)));
        Ok(Self { layers, warnings })
    }

    /// The value of the highest layer with the key, and its origin.
    pub(crate) fn find(&self, key: &str) -> Option<(&Origin, Value)> {
        self.layers
            .iter()
            .rev()
            .find_map(|(origin, layer)| Some((origin, layer.get::<Value>(key).ok()?)))
    }

    /// The origin of the value of `key`, for people.
    pub(crate) fn location(&self, key: &str) -> String {
        match self.find(key).map(|(origin, _)| origin) {
            None | Some(Origin::Default) => format!("default of {key}"),
            Some(Origin::File(path)) => format!("{}, key {key}", path.display()),
            Some(Origin::Variables) => format!("variable {}", options::variable(key)),
            Some(Origin::Flags(names)) => format!("flag {}", names.get(key).unwrap_or(&key)),
        }
    }

    /// A string, converted by `parse`.
    pub(crate) fn parse<T>(
        &self,
        key: &'static str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let text = match self.value(key).kind {
            ValueKind::String(text) => Some(text),
            ValueKind::I64(number) => Some(number.to_string()),
            _ => None,
        };
        text.and_then(|text| parse(&text))
            .ok_or_else(|| self.bad(key, allowed))
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn number(&self, key: &'static str, min: u32, max: u32) -> Result<u32, ConfigError> {
        let number = self
            .value(key)
            .into_uint()
            .ok()
            .and_then(|n| u32::try_from(n).ok());
        number
            .filter(|n| (min..=max).contains(n))
            .ok_or_else(|| self.bad(key, &format!("a whole number from {min} to {max}")))
    }

    /// A size in bytes: a number, or a number with a unit.
    pub(crate) fn size(&self, key: &'static str, min: u64, max: u64) -> Result<u64, ConfigError> {
        let allowed = format!("{min} to {max} bytes, as a number or with KiB, MiB, GiB");
        self.parse(key, &allowed, |text| {
            parse_size(text).filter(|n| (min..=max).contains(n))
        })
    }

    /// True or false.
    pub(crate) fn flag(&self, key: &'static str) -> Result<bool, ConfigError> {
        self.value(key)
            .into_bool()
            .map_err(|_| self.bad(key, "true or false"))
    }

    /// A structured value, whose type reports errors itself.
    pub(crate) fn structured<T: DeserializeOwned>(&self, key: &'static str) -> Result<T, ConfigError> {
        self.value(key)
            .try_deserialize()
            .map_err(|error| ConfigError::Conflict {
                location: self.location(key),
                reason: error.to_string(),
            })
    }

    /// Strings: an array; in variables and flags, a JSON array or one string separated by commas.
    pub(crate) fn list(&self, key: &'static str) -> Result<Vec<String>, ConfigError> {
        let items = match self.value(key).kind {
            ValueKind::String(text) => split_list(&text),
            ValueKind::Array(items) => items
                .into_iter()
                .map(|item| match item.kind {
                    ValueKind::String(text) => Some(text.trim().to_owned()),
                    _ => None,
                })
                .collect::<Option<Vec<String>>>(),
            _ => None,
        };
        let mut items = items.ok_or_else(|| self.bad(key, "a list of strings"))?;
        items.retain(|item| !item.is_empty());
        Ok(items)
    }

    pub(crate) fn bad(&self, key: &'static str, allowed: &str) -> ConfigError {
        ConfigError::BadValue {
            location: self.location(key),
            value: super::print::toml(&self.value(key)),
            allowed: allowed.to_owned(),
        }
    }

    fn value(&self, key: &str) -> Value {
        self.find(key)
            .map_or_else(|| Value::new(None, ValueKind::Nil), |(_, value)| value)
    }
}

/// The items of a JSON array of strings, or of a list separated by commas.
pub(super) fn split_list(text: &str) -> Option<Vec<String>> {
    if text.trim_start().starts_with('[') {
        let items: Vec<String> = serde_json::from_str(text).ok()?;
        return Some(items.iter().map(|item| item.trim().to_owned()).collect());
    }
    Some(text.split(',').map(|item| item.trim().to_owned()).collect())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn parse_toml(text: &str) -> Result<config::Config, String> {
    config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .map_err(|error| error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
}

fn file_layer(path: &Path, text: &str) -> Result<config::Config, ConfigError> {
    let layer = parse_toml(text).map_err(|reason| ConfigError::Syntax {
        path: path.to_owned(),
        reason,
    })?;
    let mut keys = Vec::new();
    flatten("", &layer.cache, &mut keys);
    match keys.into_iter().find(|key| !is_option(key)) {
        None => Ok(layer),
        Some(key) => Err(ConfigError::UnknownKey {
            path: path.to_owned(),
            line: line_of(text, &key),
            like: similar(&key),
            key,
        }),
    }
}

fn is_option(key: &str) -> bool {
    OPTIONS.iter().any(|option| option.key == key)
}

/// The keys of a table, down to options.
fn flatten(prefix: &str, value: &Value, keys: &mut Vec<String>) {
    match &value.kind {
        ValueKind::Table(table) if !is_option(prefix) => {
            let mut names: Vec<_> = table.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            for (name, inner) in names {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&key, inner, keys);
            }
        }
        _ => keys.push(prefix.to_owned()),
    }
}

/// The first line that sets the last part of `key`.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let name = key.rsplit('.').next()?;
    text.lines()
        .position(|line| {
            let left = line.split('=').next().unwrap_or_default();
            left.trim()
                .rsplit('.')
                .next()
                .is_some_and(|last| last.trim().trim_matches('"') == name)
        })
        .map(|index| index + 1)
}

/// A known key with the same letters, or the same name in another table.
fn similar(key: &str) -> Option<&'static str> {
    let letters = |text: &str| {
        let mut bytes: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
        bytes.sort_unstable();
        bytes
    };
    let (_, name) = options::split(key);
    let known = OPTIONS.iter().map(|option| option.key);
    known
        .clone()
        .find(|option| letters(option) == letters(key))
        .or_else(|| {
            let mut known = known;
            known.find(|option| options::split(option).1 == name)
        })
}

fn variable_layer(variables: &BTreeMap<String, String>) -> (config::Config, Vec<String>) {
    let mut found = Vec::new();
    let mut warnings = Vec::new();
    for (name, value) in variables
        .iter()
        .filter(|(name, _)| name.starts_with("OPENCLONE_"))
    {
        match OPTIONS
            .iter()
            .find(|option| options::variable(option.key) == *name)
        {
            Some(option) => found.push((option.key.to_owned(), value.clone())),
            None if OTHER_VARIABLES.contains(&name.as_str()) => {}
            None => warnings.push(format!("unknown variable {name} is ignored")),
        }
    }
    (overrides(found.into_iter()), warnings)
}

fn overrides(values: impl Iterator<Item = (String, String)>) -> config::Config {
    let mut builder = config::Config::builder();
    for (key, value) in values {
        // keys of ours are plain dotted names, which always parse
        if let Ok(next) = builder.clone().set_override(&key, value) {
            builder = next;
        }
    }
    builder.build().unwrap_or_default()
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("64 MiB"), Some(64 << 20));
        assert_eq!(parse_size("1048576"), Some(1 << 20));
        assert_eq!(parse_size("1GiB"), Some(1 << 30));
        for bad in [
            "",
            "MiB",
            "-1",
            "1.5 MiB",
            "1 MB",
            "99999999999999999999",
            "18446744073709551615 KiB",
        ] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }
}
