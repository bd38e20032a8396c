//! The tools of an operator: commands for keys, completions, manual pages, traces, the files in `docs/` and `deploy/`.

mod completions;
mod documents;
mod ingest;
mod keys;
mod traces;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const BIN: &str = env!("CARGO_BIN_EXE_openclone");

fn command(home: &Path) -> Command {
    let mut command = Command::new(BIN);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPENCLONE_") || name == "API_KEY")
    {
        command.env_remove(name);
    }
    command.env("OPENCLONE_HOME", home).stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(home).args(arguments).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

fn docs(name: &str) -> String {
    read(&format!("docs/{name}"))
}

fn deploy(name: &str) -> String {
    read(&format!("deploy/{name}"))
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// All pages but the results of the rigs, which are for those who work on the service.
fn all_docs(dir: PathBuf) -> String {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let entries =
        entries.filter(|path| !path.ends_with("RELIABILITY.md") && !path.ends_with("reliability.jsonl"));
    let texts = entries.map(|path| {
        if path.is_dir() {
            all_docs(path)
        } else {
            fs::read_to_string(path).unwrap_or_default()
        }
    });
    texts.collect()
}

/// The words that begin with `prefix` and go on with letters, digits and underscores.
fn words(text: &str, prefix: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c))
        .filter(|word| word.starts_with(prefix) && word.len() > prefix.len())
        .map(str::to_owned)
        .collect()
}
