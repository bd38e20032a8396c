//! What the files of a plugin contain besides secrets: personal data, programs that nobody can review, foreign hosts.
//!
//! Findings that can be innocent are hints.

use std::{
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use openclone_redact::{Mode, RedactConfig, Redactor};
use regex::Regex;

use super::{super::tree, MAX_TEXT, Report};
use crate::registry::{catalogue_ids, manifest::violation::line_at};

/// A line so long was not written by a person.
const LONGEST_LINE: usize = 5_000;
/// Ends of the names of files with code.
const CODE: [&str; 13] = [
    "py", "ts", "js", "mjs", "cjs", "go", "rs", "java", "kt", "sh", "bash", "swift", "cs",
];
/// Placeholders, which are nobody's home.
const NOBODY: [&str; 9] = [
    "me", "you", "user", "username", "name", "runner", "root", "example", "shared",
];

struct Patterns {
    home: Regex,
    mail: Regex,
    position: Regex,
    piped: Regex,
    host: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    Some(Patterns {
        home: Regex::new(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)([A-Za-z][\w.-]*)").ok()?,
        mail: Regex::new(r"\b[A-Za-z0-9][\w.+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b")
            .ok()?,
        position: Regex::new(r"-?\b\d{1,2}\.\d{5,}\s*,\s*-?\d{1,3}\.\d{5,}\b").ok()?,
        piped: Regex::new(
            r"\b(?:curl|wget)\b[^\n|;]*\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|z|da|k)?sh\b|\|\s*sudo\b",
        )
        .ok()?,
        host: Regex::new(r#"\bhttps?://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)"#).ok()?,
    })
});

pub(super) fn check(dir: &Path, tree: &tree::Tree, report: &mut Report) -> anyhow::Result<()> {
    let personal = Redactor::new(&RedactConfig {
        mode: Mode::SecretsAndPersonal,
        ..RedactConfig::default()
    })?;
    let secrets = Redactor::new(&RedactConfig::default())?;
    for path in &tree.files {
        match tree::text(&dir.join(path), MAX_TEXT) {
            Ok(Some(text)) => {
                let known: Vec<_> = secrets.find(&text).iter().map(|found| found.start).collect();
                for found in personal.find(&text) {
                    if !known.contains(&found.start) {
                        let line = line_at(&text, found.start);
                        report.hint(path, line, format!("looks like personal data ({})", found.rule));
                    }
                }
                text_file(path, &text, report);
            }
            Ok(None) => binary(dir, path, report),
            // reported with the secrets
            Err(_) => {}
        }
    }
    script(dir, &tree.files, report);
    licence(&tree.files, report);
    identity(dir, report);
    Ok(())
}

fn text_file(path: &Path, text: &str, report: &mut Report) {
    let Some(patterns) = PATTERNS.as_ref() else { return };
    let is_code = path
        .extension()
        .and_then(|end| end.to_str())
        .is_some_and(|end| CODE.contains(&end));
    let is_lock = path.to_string_lossy().contains("lock");
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if is_code && line.len() > LONGEST_LINE {
            report.find(
                path,
                number,
                "is minified, so that nobody can review it; publish the source",
            );
            return;
        }
        if patterns.piped.is_match(line) {
            let text = "runs what it downloads, or as root; install from a package manager, or a file whose hash is checked";
            report.find(path, number, text);
        }
        for home in patterns.home.captures_iter(line) {
            let name = home.get(1).map_or("", |name| name.as_str());
            if !NOBODY.contains(&name.to_ascii_lowercase().as_str()) {
                report.find(
                    path,
                    number,
                    "names the home directory of a person; use ~ or an option",
                );
            }
        }
        if patterns.position.is_match(line) {
            report.hint(path, number, "looks like a position to within metres");
        }
        let is_example = |host: &str| {
            host.ends_with("example.com") || host.ends_with("example.org") || host.ends_with(".example")
        };
        for mail in patterns.mail.captures_iter(line).filter(|_| !is_lock) {
            let host = mail.get(1).map_or("", |host| host.as_str());
            if !is_example(host) && !host.contains("noreply") {
                report.hint(path, number, "looks like an e-mail address");
            }
        }
        for host in patterns.host.captures_iter(line).filter(|_| is_code) {
            let host = host.get(1).map_or("", |host| host.as_str());
            if !is_local(host) && !is_example(host) {
                report.hint(
                    path,
                    number,
                    format!("contacts {host}; the README should say what is sent there"),
                );
            }
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host.starts_with("127.")
        || host == "[::1]"
        || host == "0.0.0.0"
        || host == "www.w3.org"
}

/// Programs must be built where they run; pictures and the like are fine.
fn binary(dir: &Path, path: &Path, report: &mut Report) {
    let mut magic = [0; 4];
    let read = tree::open(&dir.join(path)).and_then(|mut file| file.read(&mut magic));
    let is_program = read.is_ok()
        && (magic == *b"\x7fELF"
            || magic.starts_with(b"MZ")
            || matches!(
                u32::from_be_bytes(magic),
                0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe | 0xcafe_babe
            ));
    if is_program {
        report.find(
            path,
            1,
            "is a compiled program, which nobody can review; build it in install.sh",
        );
    } else {
        report.hint(path, 1, "is not a text, so its content was not checked");
    }
}

fn script(dir: &Path, files: &[PathBuf], report: &mut Report) {
    let path = Path::new("install.sh");
    if !files.iter().any(|file| file == path) {
        return;
    }
    let full = dir.join(path);
    if full
        .metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0)
    {
        report.find(path, 1, "is not executable: chmod +x install.sh");
    }
    if let Ok(Some(text)) = tree::text(&full, MAX_TEXT)
        && text.contains('\r')
    {
        report.find(
            path,
            line_at(&text, text.find('\r').unwrap_or(0)),
            "has CRLF line ends, with which no shell can run it",
        );
    }
}

fn licence(files: &[PathBuf], report: &mut Report) {
    let is_licence = |path: &PathBuf| {
        let name = path.to_string_lossy().to_lowercase();
        name.starts_with("licen") || name.starts_with("copying")
    };
    if !files.iter().any(is_licence) {
        report.hint(
            "LICENSE",
            1,
            "is missing; without one nobody may change or share the plugin",
        );
    }
}

/// An id of the catalogue belongs to the plugin in the repository of OpenClone.
fn identity(dir: &Path, report: &mut Report) {
    let Some(id) = report.manifest.as_ref().map(|manifest| manifest.id.clone()) else {
        return;
    };
    let is_ours = super::super::source::checkout_of(dir).is_some() || dir.starts_with("/usr/share/openclone");
    if is_ours {
        return;
    }
    if catalogue_ids().contains(&id) {
        report.hint(
            "plugin.json",
            1,
            format!("{id} is the id of a plugin in the catalogue; a plugin of your own needs another"),
        );
    } else if id.starts_with("openclone-") {
        report.hint(
            "plugin.json",
            1,
            "ids that begin with openclone- are those of the catalogue; choose another beginning",
        );
    }
}
