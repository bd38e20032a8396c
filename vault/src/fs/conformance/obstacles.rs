//! What stands in the way is neither followed nor touched, and named in the error.

use std::io::{self, ErrorKind};

use super::{
    bench::{Bench, FILE},
    over_each_bench,
};
use crate::fs::VaultRoot;

const PATH: &str = "Audio/2026-02-26.md";

over_each_bench!(
    a_linked_file_is_refused,
    a_dangling_link_is_refused,
    a_linked_folder_is_refused,
    a_directory_in_place_of_a_file_is_refused,
    a_file_in_place_of_a_folder_is_refused,
);

/// Every way of opening the file that fails, with what it says.
fn refusals(root: &dyn VaultRoot) -> Vec<io::Error> {
    let refused = |outcome: io::Result<bool>| outcome.err();
    let all = [
        refused(root.stat(FILE).map(|found| found.is_some())),
        refused(root.open(FILE).map(|found| found.is_some())),
        refused(root.open_named(&FILE.into()).map(|found| found.is_some())),
        refused(root.replace(&FILE.into(), b"x").map(|()| true)),
    ];
    all.into_iter().map(|error| error.expect("refused")).collect()
}

fn assert_refused(root: &dyn VaultRoot, kind: ErrorKind, message: &str) {
    for error in refusals(root) {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

fn a_linked_file_is_refused(bench: &impl Bench) {
    let root = bench.open();
    bench.mkdir("Audio");
    bench.replace("precious", b"precious");
    bench.symlink(PATH, "../precious");
    assert_refused(
        &*root,
        ErrorKind::PermissionDenied,
        "vault/Audio/2026-02-26.md is a symbolic link",
    );
    assert!(root.create(FILE, b"x").unwrap().is_none(), "the name is taken");
    assert_eq!(bench.read("precious").unwrap(), b"precious");
}

fn a_dangling_link_is_refused(bench: &impl Bench) {
    let root = bench.open();
    bench.mkdir("Audio");
    bench.symlink(PATH, "nowhere");
    assert_refused(
        &*root,
        ErrorKind::PermissionDenied,
        "vault/Audio/2026-02-26.md is a symbolic link",
    );
    assert!(root.create(FILE, b"x").unwrap().is_none(), "the name is taken");
    assert_eq!(bench.list("Audio"), ["2026-02-26.md"]);
}

fn a_linked_folder_is_refused(bench: &impl Bench) {
    let root = bench.open();
    bench.mkdir("Elsewhere");
    bench.replace("Elsewhere/2026-02-26.md", b"precious");
    bench.symlink("Audio", "Elsewhere");
    let message = "vault/Audio is a symbolic link";
    assert_refused(&*root, ErrorKind::PermissionDenied, message);
    let others = [
        root.create(FILE, b"x").map(|_| ()),
        root.sync_folder("Audio"),
        Err(root.markdown_files().unreadable.remove(0).1),
    ];
    for error in others.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(error.to_string().ends_with(message), "{error}");
    }
    assert_eq!(bench.read("Elsewhere/2026-02-26.md").unwrap(), b"precious");
    assert_eq!(bench.list("Elsewhere"), ["2026-02-26.md"]);
}

fn a_directory_in_place_of_a_file_is_refused(bench: &impl Bench) {
    let root = bench.open();
    bench.mkdir("Audio");
    bench.mkdir(PATH);
    assert_refused(
        &*root,
        ErrorKind::IsADirectory,
        "vault/Audio/2026-02-26.md is a directory",
    );
    assert!(root.create(FILE, b"x").unwrap().is_none(), "the name is taken");
    bench.mkdir(".openclone");
    assert!(root.write_marker("x").is_err() && root.read_marker().is_err());
}

fn a_file_in_place_of_a_folder_is_refused(bench: &impl Bench) {
    let root = bench.open();
    bench.replace("Audio", b"precious");
    assert_refused(&*root, ErrorKind::NotADirectory, "vault/Audio is not a directory");
    assert_eq!(
        root.create(FILE, b"x").err().unwrap().kind(),
        ErrorKind::NotADirectory
    );
    assert_eq!(bench.read("Audio").unwrap(), b"precious");
}
