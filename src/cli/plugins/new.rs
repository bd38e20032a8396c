//! `openclone plugins new`: a plugin that passes `lint` and sends its first event as it is.
//!
//! It is built on the SDK of its language and has a test. With `--plain` it needs nothing but its language: it speaks to the
//! JSON endpoint with what comes along. It is off until somebody enables it.

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    Python,
    Typescript,
    Go,
    Rust,
    Java,
    Bash,
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

impl Lang {
    /// The file to change comes first.
    fn sources(self) -> &'static [Template] {
        match self {
            Self::Python => &[
                ("plugin.py", include_str!("scaffold/sdk/python/plugin.py"), false),
                (
                    "test_plugin.py",
                    include_str!("scaffold/sdk/python/test_plugin.py"),
                    false,
                ),
                ("install.sh", include_str!("scaffold/sdk/python/install.sh"), true),
            ],
            Self::Typescript => &[
                (
                    "src/plugin.ts",
                    include_str!("scaffold/sdk/typescript/plugin.ts"),
                    false,
                ),
                (
                    "src/plugin.test.ts",
                    include_str!("scaffold/sdk/typescript/plugin.test.ts"),
                    false,
                ),
                (
                    "package.json",
                    include_str!("scaffold/sdk/typescript/package.json"),
                    false,
                ),
                (
                    "tsconfig.json",
                    include_str!("scaffold/sdk/typescript/tsconfig.json"),
                    false,
                ),
                (
                    "install.sh",
                    include_str!("scaffold/sdk/typescript/install.sh"),
                    true,
                ),
            ],
            Self::Go => &[
                ("plugin.go", include_str!("scaffold/sdk/go/plugin.go"), false),
                (
                    "plugin_test.go",
                    include_str!("scaffold/sdk/go/plugin_test.go"),
                    false,
                ),
                ("go.mod", include_str!("scaffold/sdk/go/go.mod"), false),
                ("install.sh", include_str!("scaffold/sdk/go/install.sh"), true),
            ],
            Self::Rust => &[
                ("src/main.rs", include_str!("scaffold/sdk/rust/main.rs"), false),
                ("Cargo.toml", include_str!("scaffold/sdk/rust/Cargo.toml"), false),
                ("install.sh", include_str!("scaffold/sdk/rust/install.sh"), true),
            ],
            Self::Java => &[
                (
                    "src/Plugin.java",
                    include_str!("scaffold/sdk/java/Plugin.java"),
                    false,
                ),
                (
                    "test/PluginTest.java",
                    include_str!("scaffold/sdk/java/PluginTest.java"),
                    false,
                ),
                ("pom.xml", include_str!("scaffold/sdk/java/pom.xml"), false),
                ("install.sh", include_str!("scaffold/sdk/java/install.sh"), true),
            ],
            Self::Bash => self.plain_sources(),
        }
    }

    /// The same without an SDK.
    fn plain_sources(self) -> &'static [Template] {
        match self {
            Self::Java => &[],
            Self::Bash => &[("plugin.sh", include_str!("scaffold/plain/bash/plugin.sh"), true)],
            Self::Python => &[("plugin.py", include_str!("scaffold/plain/python/plugin.py"), true)],
            Self::Typescript => &[
                (
                    "plugin.ts",
                    include_str!("scaffold/plain/typescript/plugin.ts"),
                    false,
                ),
                (
                    "package.json",
                    include_str!("scaffold/plain/typescript/package.json"),
                    false,
                ),
            ],
            Self::Go => &[
                ("plugin.go", include_str!("scaffold/plain/go/plugin.go"), false),
                ("go.mod", include_str!("scaffold/plain/go/go.mod"), false),
            ],
            Self::Rust => &[
                ("src/main.rs", include_str!("scaffold/plain/rust/main.rs"), false),
                (
                    "Cargo.toml",
                    include_str!("scaffold/plain/rust/Cargo.toml"),
                    false,
                ),
            ],
        }
    }

    fn platforms(self) -> &'static str {
        match self {
            Self::Bash => "\"macos\", \"linux\"",
            _ => "\"macos\", \"windows\", \"linux\"",
        }
    }

    /// The program in the manifest, as items of a list.
    fn program(self) -> &'static str {
        match self {
            Self::Python => r#"".venv/bin/python", "plugin.py""#,
            Self::Typescript => r#""node", "dist/plugin.js""#,
            Self::Go | Self::Rust => r#""./dist/plugin""#,
            Self::Java => r#""java", "-cp", "dist/*", "Plugin""#,
            Self::Bash => r#""./plugin.sh""#,
        }
    }

    /// How its test is run.
    fn test(self) -> &'static str {
        match self {
            Self::Python => ".venv/bin/python -m unittest",
            Self::Typescript => "npm test",
            Self::Go => "go test ./...",
            Self::Rust => "cargo test",
            Self::Java => "mvn test",
            Self::Bash => "openclone plugins test .",
        }
    }

    fn needs(self) -> &'static str {
        match self {
            Self::Java => "Maven and Java 17 or later",
            Self::Bash => "bash and curl 7.76 or later",
            Self::Python => "Python 3.8 or later",
            Self::Typescript => "Node 20 or later",
            Self::Go => "Go 1.21 or later",
            Self::Rust => "Rust 1.70 or later",
        }
    }

    fn tools(self) -> &'static str {
        match self {
            Self::Java => "mvn",
            Self::Bash => "curl sed",
            Self::Python => "python3",
            Self::Typescript => "node",
            Self::Go => "go",
            Self::Rust => "cargo",
        }
    }

    fn run(self) -> &'static str {
        match self {
            Self::Java => "java -cp 'dist/*' Plugin",
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
