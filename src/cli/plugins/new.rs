//! `openclone plugins new`: a plugin that passes `lint` and sends its first event as it is.
//!
//! It is built on the SDK of its language and has a test. With `--plain` it needs nothing but its language: it speaks to the
//! JSON endpoint with what comes along. It is off until somebody enables it.

mod lang;

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use openclone_client::v1::{Sensitivity, SourceType};

use super::{Failure, sample, say, source_type};
use crate::registry::manifest::{fields::is_kebab, folders, greatest};

use lang::Lang;

/// Create a plugin.
#[derive(Debug, Args)]
pub(super) struct New {
    /// Its id: kebab-case, at most 64 characters
    #[arg(value_name = "ID")]
    id: String,
    /// What it is written in
    #[arg(long, value_enum)]
    lang: Lang,
    /// Use plain HTTP instead of the SDK; bash always does
    #[arg(long)]
    plain: bool,
    /// What it writes
    #[arg(long, value_name = "NAME", value_parser = source_type)]
    source_type: SourceType,
    /// Where its directory is made [default: here]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A file of a scaffold: where it goes, what is in it, whether it can be run.
type Template = (&'static str, &'static str, bool);

const PLAIN: [Template; 5] = [
    ("plugin.json", include_str!("scaffold/plain/plugin.json"), false),
    (
        "openclone.conf",
        include_str!("scaffold/plain/openclone.conf"),
        false,
    ),
    ("README.md", include_str!("scaffold/plain/README.md"), false),
    ("install.sh", include_str!("scaffold/plain/install.sh"), true),
    (".gitignore", include_str!("scaffold/plain/gitignore"), false),
];
const SDK: [Template; 4] = [
    ("plugin.json", include_str!("scaffold/sdk/plugin.json"), false),
    (
        "openclone.conf",
        include_str!("scaffold/sdk/openclone.conf"),
        false,
    ),
    ("README.md", include_str!("scaffold/sdk/README.md"), false),
    (".gitignore", include_str!("scaffold/sdk/gitignore"), false),
];
const LICENCE: Template = ("LICENSE", include_str!("scaffold/LICENSE"), false);

impl New {
    pub(super) fn run(self) -> Result<(), Failure> {
        if !is_kebab(&self.id) {
            let text = format!(
                "{} is no id: it must be kebab-case of at most 64 characters",
                self.id
            );
            return Err(Failure::Usage(text));
        }
        if self.plain && self.lang == Lang::Java {
            return Err(Failure::Usage(
                "there is no plain plugin in Java; leave out --plain".into(),
            ));
        }
        let location = self.dir.clone().unwrap_or_default().join(&self.id);
        self.write(&location)?;
        let at = location.display();
        if self.is_plain() {
            let run = self.lang.run();
            say(&format!(
                "created {at}\nswitch it on in openclone.conf, then, with API_KEY set:\n  cd {at} && {run}"
            ));
        } else {
            say(&format!(
                "created {at}\nnext, with a checkout of OpenClone at hand:\n  cd {at} && OPENCLONE_SOURCE=… ./install.sh\n  {}\n  \
                 openclone plugins try .",
                self.lang.test()
            ));
        }
        Ok(())
    }

    fn write(&self, location: &Path) -> anyhow::Result<()> {
        if let Some(parent) = location.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::create_dir(location).with_context(|| format!("cannot make {}", location.display()))?;
        let (common, sources): (&[Template], _) = if self.is_plain() {
            (&PLAIN, self.lang.plain_sources())
        } else {
            (&SDK, self.lang.sources())
        };
        for (name, template, is_program) in common.iter().chain(sources).chain([&LICENCE]) {
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

    /// There is no SDK for bash.
    fn is_plain(&self) -> bool {
        self.plain || self.lang == Lang::Bash
    }

    /// The file to change.
    fn source(&self) -> &'static str {
        let sources = if self.is_plain() {
            self.lang.plain_sources()
        } else {
            self.lang.sources()
        };
        sources.first().map_or("", |(name, ..)| name)
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
            ("{{run_json}}", self.lang.program()),
            ("{{test}}", self.lang.test()),
            ("{{python}}", &sample::python(self.source_type)),
            ("{{typescript}}", &sample::typescript(self.source_type)),
            ("{{source}}", self.source()),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
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
    use clap::ValueEnum as _;

    use super::{super::lint, *};

    #[test]
    fn every_scaffold_passes_lint() {
        let dir = tempfile::tempdir().unwrap();
        for lang in Lang::value_variants() {
            for (source_type, plain) in SourceType::ALL
                .into_iter()
                .flat_map(|known| [(known, false), (known, true)])
            {
                if plain && *lang == Lang::Java {
                    continue;
                }
                let name = source_type.json_name().replace('_', "-");
                let id = format!("{lang:?}-{name}-{plain}").to_lowercase();
                let new = New {
                    id: id.clone(),
                    lang: *lang,
                    plain,
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
                        "id",
                        "name",
                        "data",
                        "run",
                        "source",
                        "folder",
                        "needs",
                        "tools",
                        "consent",
                        "python",
                        "typescript",
                        "test",
                        "run_json",
                    ];
                    for name in names {
                        assert!(!text.contains(&format!("{{{{{name}}}}}")), "{name} in {path:?}");
                    }
                }
            }
        }
    }
}
