//! `openclone plugins new`: a plugin that passes `lint` and sends its first event as it is.
//!
//! It needs nothing but its language: it speaks to the JSON endpoint with what comes along. It is off until its
//! `openclone.conf` says otherwise.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use openclone_client::v1::{Sensitivity, SourceType};

use super::{Failure, sample, say, source_type};
use crate::registry::manifest::{fields::is_kebab, folders, greatest};

/// Makes a plugin.
#[derive(Debug, Args)]
pub(super) struct New {
    /// Its id: kebab-case, at most 64 characters
    #[arg(value_name = "ID")]
    id: String,
    /// What it is written in
    #[arg(long, value_enum)]
    lang: Lang,
    /// What it writes
    #[arg(long, value_name = "NAME", value_parser = source_type)]
    source_type: SourceType,
    /// Where its directory is made [default: here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    Python,
    Typescript,
    Go,
    Rust,
    Bash,
}

/// A file of a scaffold: where it goes, what is in it, whether it can be run.
type Template = (&'static str, &'static str, bool);

const COMMON: [Template; 5] = [
    ("plugin.json", include_str!("scaffold/plugin.json"), false),
    ("openclone.conf", include_str!("scaffold/openclone.conf"), false),
    ("README.md", include_str!("scaffold/README.md"), false),
    ("install.sh", include_str!("scaffold/install.sh"), true),
    (".gitignore", include_str!("scaffold/gitignore"), false),
];

impl New {
    pub(super) fn run(self) -> Result<(), Failure> {
        if !is_kebab(&self.id) {
            let text = format!(
                "{} is no id: it must be kebab-case of at most 64 characters",
                self.id
            );
            return Err(Failure::Usage(text));
        }
        let location = self.dir.clone().unwrap_or_default().join(&self.id);
        self.write(&location)?;
        say(&format!(
            "made {}\nturn it on in openclone.conf, then, with API_KEY set:\n  cd {} && {}",
            location.display(),
            location.display(),
            self.lang.run()
        ));
        Ok(())
    }

    fn write(&self, location: &Path) -> anyhow::Result<()> {
        if let Some(parent) = location.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::create_dir(location).with_context(|| format!("cannot make {}", location.display()))?;
        for (name, template, is_program) in COMMON.iter().chain(self.lang.sources()) {
            let path = location.join(name);
            let write = || {
                fs::create_dir_all(path.parent().unwrap_or(location))?;
                let mode = if *is_program { 0o755 } else { 0o644 };
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(mode)
                    .open(&path)?;
                file.write_all(self.fill(template).as_bytes())
            };
            write().with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    fn fill(&self, template: &str) -> String {
        let sensitivity = greatest(&[self.source_type]);
        let consent = if sensitivity as i32 >= Sensitivity::High as i32 {
            "\nIt captures very personal data: ask everyone concerned before you turn it on."
        } else {
            ""
        };
        [
            ("{{id}}", self.id.as_str()),
            ("{{name}}", &title(&self.id)),
            ("{{source_type}}", self.source_type.json_name()),
            ("{{folder}}", &folders(&[self.source_type]).concat()),
            ("{{sensitivity}}", sensitivity.json_name()),
            ("{{consent}}", consent),
            ("{{data}}", sample::data(self.source_type)),
            ("{{platforms}}", self.lang.platforms()),
            ("{{needs}}", self.lang.needs()),
            ("{{tools}}", self.lang.tools()),
            ("{{run}}", self.lang.run()),
            ("{{source}}", self.lang.sources()[0].0),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }
}

impl Lang {
    /// The file to change comes first.
    fn sources(self) -> &'static [Template] {
        match self {
            Self::Bash => &[("plugin.sh", include_str!("scaffold/bash/plugin.sh"), true)],
            Self::Python => &[("plugin.py", include_str!("scaffold/python/plugin.py"), true)],
            Self::Typescript => &[
                ("plugin.ts", include_str!("scaffold/typescript/plugin.ts"), false),
                (
                    "package.json",
                    include_str!("scaffold/typescript/package.json"),
                    false,
                ),
            ],
            Self::Go => &[
                ("plugin.go", include_str!("scaffold/go/plugin.go"), false),
                ("go.mod", include_str!("scaffold/go/go.mod"), false),
            ],
            Self::Rust => &[
                ("src/main.rs", include_str!("scaffold/rust/main.rs"), false),
                ("Cargo.toml", include_str!("scaffold/rust/Cargo.toml"), false),
            ],
        }
    }

    fn platforms(self) -> &'static str {
        match self {
            Self::Bash => "\"macos\", \"linux\"",
            _ => "\"macos\", \"windows\", \"linux\"",
        }
    }

    fn needs(self) -> &'static str {
        match self {
            Self::Bash => "bash and curl 7.76 or later",
            Self::Python => "Python 3.8 or later",
            Self::Typescript => "Node 20 or later",
            Self::Go => "Go 1.21 or later",
            Self::Rust => "Rust 1.70 or later",
        }
    }

    fn tools(self) -> &'static str {
        match self {
            Self::Bash => "curl sed",
            Self::Python => "python3",
            Self::Typescript => "node",
            Self::Go => "go",
            Self::Rust => "cargo",
        }
    }

    fn run(self) -> &'static str {
        match self {
            Self::Bash => "./plugin.sh",
            Self::Python => "python3 plugin.py",
            Self::Typescript => "node plugin.ts",
            Self::Go => "go run .",
            Self::Rust => "cargo run --quiet",
        }
    }
}

/// `my-first-plugin` as `My First Plugin`.
fn title(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    id.split('-').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::lint, *};

    #[test]
    fn every_scaffold_passes_lint() {
        let dir = tempfile::tempdir().unwrap();
        for lang in Lang::value_variants() {
            for source_type in SourceType::ALL {
                let id = format!("{lang:?}-{}", source_type.json_name().replace('_', "-")).to_lowercase();
                let new = New {
                    id: id.clone(),
                    lang: *lang,
                    source_type,
                    dir: None,
                };
                let location = dir.path().join(&id);
                new.write(&location).unwrap();
                let report = lint::check(&location).unwrap();
                assert!(report.is_clean(), "{report:?}");
                assert_eq!(report.manifest.unwrap().warnings(), [""; 0], "{id}");
                assert!(new.write(&location).is_err(), "nothing is written over");
                for path in report.files {
                    let text = fs::read_to_string(location.join(&path)).unwrap();
                    let names = [
                        "id", "name", "data", "run", "source", "folder", "needs", "tools", "consent",
                    ];
                    for name in names {
                        assert!(!text.contains(&format!("{{{{{name}}}}}")), "{name} in {path:?}");
                    }
                }
            }
        }
    }
}
