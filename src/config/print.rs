//! `--print-config`: the effective configuration as TOML, with the origin of each value.

use config::{Value, ValueKind};

use super::{
    layers::{Layers, Origin, split_list},
    options::{self, OPTIONS},
};

/// Every option with its value and, in a comment, its origin. Keys are not options, so no secret is shown.
pub fn print(layers: &Layers) -> String {
    let mut out = String::new();
    let mut table = "";
    for option in OPTIONS {
        let Some((origin, value)) = layers.find(option.key) else {
            continue;
        };
        let (section, name) = options::split(option.key);
        if section != table {
            out.push_str(&format!("\n[{section}]\n"));
            table = section;
        }
        out.push_str(&format!(
            "{name} = {} # {}\n",
            typed(option.default, &value),
            describe(origin, option.key)
        ));
    }
    out
}

/// A value in TOML.
pub(crate) fn toml(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => quote(text),
        ValueKind::Array(items) => {
            let items: Vec<_> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        ValueKind::Table(table) => {
            let mut members: Vec<_> = table
                .iter()
                .map(|(key, inner)| format!("{} = {}", quote(key), toml(inner)))
                .collect();
            members.sort();
            format!("{{ {} }}", members.join(", "))
        }
        ValueKind::Nil => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// Variables and flags are strings: shown with the type that the option has.
fn typed(default: &str, value: &Value) -> String {
    let ValueKind::String(text) = &value.kind else {
        return toml(value);
    };
    if default.starts_with('[') {
        let items: Vec<_> = split_list(text)
            .unwrap_or_default()
            .iter()
            .filter(|item| !item.is_empty())
            .map(|item| quote(item))
            .collect();
        return format!("[{}]", items.join(", "));
    }
    if default.starts_with('"') {
        quote(text)
    } else {
        text.clone()
    }
}

fn describe(origin: &Origin, key: &str) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(path) => path.display().to_string(),
        Origin::Variables => format!("variable {}", options::variable(key)),
        Origin::Flags(names) => format!("flag {}", names.get(key).unwrap_or(&key)),
    }
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{Config, Inputs};

    #[test]
    fn every_value_says_where_it_came_from_and_the_output_is_a_file_again() {
        let inputs = Inputs {
            file: Some((
                PathBuf::from("/h/openclone.toml"),
                "vault.dir = \"/a \\\"b\\\"\"\n".into(),
            )),
            variables: [
                ("OPENCLONE_SERVER__ALLOWED_HOSTS", "a,b"),
                ("OPENCLONE_LIMITS__BURST", "7"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
            flags: vec![("server.listen", "--listen", "127.0.0.1:1".into())],
        };
        let printed = print(&Layers::new(inputs).unwrap());
        for line in [
            "listen = \"127.0.0.1:1\" # flag --listen",
            "allowed_hosts = [\"a\", \"b\"] # variable OPENCLONE_SERVER__ALLOWED_HOSTS",
            "burst = 7 # variable OPENCLONE_LIMITS__BURST",
            "dir = \"/a \\\"b\\\"\" # /h/openclone.toml",
            "requests_per_minute = 60 # default",
        ] {
            assert!(
                printed.lines().any(|l| l == line),
                "{line} is missing in\n{printed}"
            );
        }
        let again = Inputs {
            file: Some((PathBuf::from("again"), printed)),
            ..Inputs::default()
        };
        let config = Config::read(&Layers::new(again).unwrap()).unwrap();
        assert_eq!(config.limits.burst, 7);
    }

    #[test]
    fn the_commented_file_names_every_option_and_changes_nothing() {
        let text = options::commented_file();
        assert!(
            Layers::new(Inputs {
                file: Some((PathBuf::from("f"), text.clone())),
                ..Inputs::default()
            })
            .is_ok()
        );
        let uncommented: String = text
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") => Some(format!("{rest}\n")),
                _ if line.starts_with('[') => Some(format!("{line}\n")),
                _ => None,
            })
            .collect();
        let layers = Layers::new(Inputs {
            file: Some((PathBuf::from("f"), uncommented)),
            ..Inputs::default()
        })
        .unwrap();
        for option in OPTIONS {
            assert!(
                matches!(layers.find(option.key), Some((Origin::File(_), _))),
                "{}",
                option.key
            );
        }
    }
}
