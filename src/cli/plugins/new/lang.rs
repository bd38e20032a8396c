//! The languages of scaffolds: their files, and how they are built and run.

use clap::ValueEnum;

use super::Template;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    Python,
    Typescript,
    Go,
    Rust,
    Java,
    Bash,
}

impl Lang {
    /// The file to change comes first.
    pub(super) fn sources(self) -> &'static [Template] {
        match self {
            Self::Python => &[
                (
                    "plugin.py",
                    include_str!("../scaffold/sdk/python/plugin.py"),
                    false,
                ),
                (
                    "test_plugin.py",
                    include_str!("../scaffold/sdk/python/test_plugin.py"),
                    false,
                ),
                (
                    "install.sh",
                    include_str!("../scaffold/sdk/python/install.sh"),
                    true,
                ),
            ],
            Self::Typescript => &[
                (
                    "src/plugin.ts",
                    include_str!("../scaffold/sdk/typescript/plugin.ts"),
                    false,
                ),
                (
                    "src/plugin.test.ts",
                    include_str!("../scaffold/sdk/typescript/plugin.test.ts"),
                    false,
                ),
                (
                    "package.json",
                    include_str!("../scaffold/sdk/typescript/package.json"),
                    false,
                ),
                (
                    "tsconfig.json",
                    include_str!("../scaffold/sdk/typescript/tsconfig.json"),
                    false,
                ),
                (
                    "install.sh",
                    include_str!("../scaffold/sdk/typescript/install.sh"),
                    true,
                ),
            ],
            Self::Go => &[
                ("plugin.go", include_str!("../scaffold/sdk/go/plugin.go"), false),
                (
                    "plugin_test.go",
                    include_str!("../scaffold/sdk/go/plugin_test.go"),
                    false,
                ),
                ("go.mod", include_str!("../scaffold/sdk/go/go.mod"), false),
                ("install.sh", include_str!("../scaffold/sdk/go/install.sh"), true),
            ],
            Self::Rust => &[
                ("src/main.rs", include_str!("../scaffold/sdk/rust/main.rs"), false),
                (
                    "Cargo.toml",
                    include_str!("../scaffold/sdk/rust/manifest.toml"),
                    false,
                ),
                (
                    "install.sh",
                    include_str!("../scaffold/sdk/rust/install.sh"),
                    true,
                ),
            ],
            Self::Java => &[
                (
                    "src/Plugin.java",
                    include_str!("../scaffold/sdk/java/Plugin.java"),
                    false,
                ),
                (
                    "test/PluginTest.java",
                    include_str!("../scaffold/sdk/java/PluginTest.java"),
                    false,
                ),
                ("pom.xml", include_str!("../scaffold/sdk/java/pom.xml"), false),
                (
                    "install.sh",
                    include_str!("../scaffold/sdk/java/install.sh"),
                    true,
                ),
            ],
            Self::Bash => self.plain_sources(),
        }
    }

    /// The same without an SDK.
    pub(super) fn plain_sources(self) -> &'static [Template] {
        match self {
            Self::Java => &[],
            Self::Bash => &[(
                "plugin.sh",
                include_str!("../scaffold/plain/bash/plugin.sh"),
                true,
            )],
            Self::Python => &[(
                "plugin.py",
                include_str!("../scaffold/plain/python/plugin.py"),
                true,
            )],
            Self::Typescript => &[
                (
                    "plugin.ts",
                    include_str!("../scaffold/plain/typescript/plugin.ts"),
                    false,
                ),
                (
                    "package.json",
                    include_str!("../scaffold/plain/typescript/package.json"),
                    false,
                ),
            ],
            Self::Go => &[
                ("plugin.go", include_str!("../scaffold/plain/go/plugin.go"), false),
                ("go.mod", include_str!("../scaffold/plain/go/go.mod"), false),
            ],
            Self::Rust => &[
                (
                    "src/main.rs",
                    include_str!("../scaffold/plain/rust/main.rs"),
                    false,
                ),
                (
                    "Cargo.toml",
                    include_str!("../scaffold/plain/rust/manifest.toml"),
                    false,
                ),
            ],
        }
    }

    pub(super) fn platforms(self) -> &'static str {
        match self {
            Self::Bash => "\"macos\", \"linux\"",
            _ => "\"macos\", \"windows\", \"linux\"",
        }
    }

    /// The program in the manifest, as items of a list.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Python => r#"".venv/bin/python", "plugin.py""#,
            Self::Typescript => r#""node", "dist/plugin.js""#,
            Self::Go | Self::Rust => r#""./dist/plugin""#,
            Self::Java => r#""java", "-cp", "dist/*", "Plugin""#,
            Self::Bash => r#""./plugin.sh""#,
        }
    }

    /// How its test is run.
    pub(super) fn test(self) -> &'static str {
        match self {
            Self::Python => ".venv/bin/python -m unittest",
            Self::Typescript => "npm test",
            Self::Go => "go test ./...",
            Self::Rust => "cargo test",
            Self::Java => "mvn test",
            Self::Bash => "openclone plugins test .",
        }
    }

    pub(super) fn needs(self) -> &'static str {
        match self {
            Self::Java => "Maven and Java 17 or later",
            Self::Bash => "bash and curl 7.76 or later",
            Self::Python => "Python 3.8 or later",
            Self::Typescript => "Node 20 or later",
            Self::Go => "Go 1.21 or later",
            Self::Rust => "Rust 1.70 or later",
        }
    }

    pub(super) fn tools(self) -> &'static str {
        match self {
            Self::Java => "mvn",
            Self::Bash => "curl sed",
            Self::Python => "python3",
            Self::Typescript => "node",
            Self::Go => "go",
            Self::Rust => "cargo",
        }
    }

    pub(super) fn run(self) -> &'static str {
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
