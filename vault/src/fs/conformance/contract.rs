//! What works when nothing stands in the way.

use std::io::ErrorKind;

use super::{
    bench::{Bench, FILE},
    over_each_bench,
};
use crate::fs::{Appended, NamedFile, VaultFile};

const PATH: &str = "Audio/2026-02-26.md";

over_each_bench!(
    a_root_must_exist_or_be_made,
    appends_say_where_they_went,
    a_file_appears_once_and_complete,
    made_things_are_private,
    bytes_are_read_and_overwritten_in_place,
    another_file_at_the_path_is_noticed,
    a_deleted_folder_is_made_again,
    the_marker_comes_back_as_written,
    listed_files_include_conflict_copies,
    moved_files_are_listed_and_hidden_ones_are_not,
    replace_keeps_permissions,
    replace_needs_a_file,
    a_root_may_be_reached_through_a_symbolic_link,
);

fn content(file: &dyn VaultFile) -> Vec<u8> {
    let mut buffer = vec![0; 64];
    let count = file.read_at(0, &mut buffer).unwrap();
    buffer[..count].to_vec()
}

fn a_root_must_exist_or_be_made(bench: &impl Bench) {
    assert_eq!(
        bench.fs().open_root(&bench.path()).err().unwrap().kind(),
        ErrorKind::NotFound
    );
    let made = bench.open();
    assert_eq!(bench.mode(""), 0o700);
    let space = made.space().unwrap();
    assert!(space.free > 1 << 20 && !space.read_only);
    let again = bench.open();
    assert!(again.stat(FILE).unwrap().is_none());
    bench.replace("file", b"x");
    for outcome in [
        bench.fs().open_root(&bench.path().join("file")),
        bench.fs().create_root(&bench.path().join("file")),
    ] {
        assert_eq!(outcome.err().unwrap().kind(), ErrorKind::NotADirectory);
    }
}

fn appends_say_where_they_went(bench: &impl Bench) {
    let root = bench.open();
    let mut first = root.create(FILE, b"head\n").unwrap().unwrap();
    let mut second = root.open(FILE).unwrap().unwrap();
    assert_eq!(
        first.append(b"one").unwrap(),
        Appended {
            offset: 5,
            written: 3
        }
    );
    assert_eq!(
        second.append(b"two").unwrap(),
        Appended {
            offset: 8,
            written: 3
        }
    );
    assert_eq!(
        first.append(b"three").unwrap(),
        Appended {
            offset: 11,
            written: 5
        }
    );
    assert_eq!(
        first.append(b"").unwrap(),
        Appended {
            offset: 16,
            written: 0
        }
    );
    assert_eq!((first.len().unwrap(), second.len().unwrap()), (16, 16));
    first.sync().unwrap();
    root.sync_folder("Audio").unwrap();
    assert_eq!(bench.read(PATH).unwrap(), b"head\nonetwothree");
}

fn a_file_appears_once_and_complete(bench: &impl Bench) {
    let root = bench.open();
    assert!(root.open(FILE).unwrap().is_none() && root.stat(FILE).unwrap().is_none());
    let made = root.create(FILE, b"first").unwrap().unwrap();
    assert_eq!(content(&*made), b"first");
    assert!(root.create(FILE, b"second").unwrap().is_none());
    assert_eq!(bench.read(PATH).unwrap(), b"first");
    assert_eq!(root.stat(FILE).unwrap(), Some(made.id()));
    assert_eq!(root.open(FILE).unwrap().unwrap().id(), made.id());
    assert_eq!(bench.list("Audio"), ["2026-02-26.md"], "no temporary is left");
}

fn made_things_are_private(bench: &impl Bench) {
    let root = bench.open();
    root.create(FILE, b"x").unwrap().unwrap();
    root.write_marker("m").unwrap();
    assert_eq!(
        (bench.mode("Audio"), bench.mode(PATH), bench.mode(".openclone")),
        (0o700, 0o600, 0o600)
    );
}

fn bytes_are_read_and_overwritten_in_place(bench: &impl Bench) {
    let root = bench.open();
    let mut file = root.create(FILE, b"0123456789").unwrap().unwrap();
    let mut buffer = [0; 4];
    assert_eq!(
        (file.read_at(8, &mut buffer).unwrap(), &buffer[..2]),
        (2, b"89".as_slice())
    );
    assert_eq!(file.read_at(99, &mut buffer).unwrap(), 0);
    file.write_at(2, b"ab").unwrap();
    assert_eq!(
        file.write_at(9, b"cd").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(
        file.append(b"end").unwrap(),
        Appended {
            offset: 10,
            written: 3
        }
    );
    assert_eq!(bench.read(PATH).unwrap(), b"01ab456789end");
}

fn another_file_at_the_path_is_noticed(bench: &impl Bench) {
    let root = bench.open();
    let mut ours = root.create(FILE, b"ours").unwrap().unwrap();
    bench.replace(PATH, b"theirs");
    let now = root.stat(FILE).unwrap().unwrap();
    assert_ne!(now, ours.id());
    ours.append(b"!").unwrap();
    assert_eq!(bench.read(PATH).unwrap(), b"theirs");
    let opened = root.open(FILE).unwrap().unwrap();
    assert_eq!((opened.id(), content(&*opened)), (now, b"theirs".to_vec()));
}

fn a_deleted_folder_is_made_again(bench: &impl Bench) {
    let root = bench.open();
    root.create(FILE, b"old").unwrap().unwrap();
    bench.rename("Audio", "Elsewhere");
    assert!(root.stat(FILE).unwrap().is_none() && root.open(FILE).unwrap().is_none());
    root.sync_folder("Audio").unwrap();
    root.create(FILE, b"new").unwrap().unwrap();
    assert_eq!(bench.read(PATH).unwrap(), b"new");
}

fn the_marker_comes_back_as_written(bench: &impl Bench) {
    let root = bench.open();
    assert_eq!(root.read_marker().unwrap(), None);
    root.write_marker("one").unwrap();
    root.write_marker("zwei ü").unwrap();
    assert_eq!(root.read_marker().unwrap().unwrap(), "zwei ü");
    assert_eq!(bench.list(""), [".openclone"], "no temporary is left");
    for bad in [vec![b'x'; 4097], vec![0xff]] {
        bench.replace(".openclone", &bad);
        assert_eq!(root.read_marker().unwrap_err().kind(), ErrorKind::InvalidData);
    }
    bench.delete(".openclone");
    bench.symlink(".openclone", "elsewhere");
    assert!(
        root.read_marker()
            .unwrap_err()
            .to_string()
            .ends_with(".openclone is a symbolic link")
    );
}

fn listed_files_include_conflict_copies(bench: &impl Bench) {
    let root = bench.open();
    assert!(root.markdown_files().files.is_empty());
    root.create(FILE, b"x").unwrap().unwrap();
    let copies = [
        "2026-02-26 (conflicted copy).md",
        "2026-02-26.sync-conflict-20260227-101010-A.md",
    ];
    for name in copies.iter().chain([".hidden.md", "note.txt"].iter()) {
        bench.replace(&format!("Audio/{name}"), name.as_bytes());
    }
    let found = root.markdown_files().files;
    let names: Vec<_> = found.iter().map(|file| file.name().to_str().unwrap()).collect();
    assert_eq!(names, [copies[0], "2026-02-26.md", copies[1]]);
    let mut copy = root.open_named(&found[0]).unwrap().unwrap();
    assert_eq!(content(&*copy), copies[0].as_bytes());
    assert!(copy.append(b"no").is_err(), "it is open for reading only");
    assert!(
        root.open_named(&NamedFile::new("Web", "none.md").unwrap())
            .unwrap()
            .is_none()
    );
}

fn moved_files_are_listed_and_hidden_ones_are_not(bench: &impl Bench) {
    let root = bench.open();
    for folder in [
        "Archive",
        "Archive/2025",
        ".trash",
        ".trash/Audio",
        ".git",
        "Audio",
        "Audio/2026",
    ] {
        bench.mkdir(folder);
    }
    let listed = [
        "note.md",
        ".trash/Audio/2026-02-26.md",
        "Archive/2025/2025-02-26.MD",
        "Audio/2026/2026-02-25.md",
    ];
    for path in listed
        .iter()
        .chain(&[".git/x.md", "Archive/x.txt", "Archive/.x.md"])
    {
        bench.replace(path, path.as_bytes());
    }
    let found = root.markdown_files();
    let paths: Vec<_> = found.files.iter().map(ToString::to_string).collect();
    assert_eq!(paths, listed);
    assert!(found.unreadable.is_empty() && found.links.is_empty());
    let moved = &found.files[2];
    root.replace(moved, b"new").unwrap();
    let file = root.open_named(moved).unwrap().unwrap();
    assert_eq!(content(&*file), b"new");
}

fn replace_keeps_permissions(bench: &impl Bench) {
    let root = bench.open();
    let old = root.create(FILE, b"old").unwrap().unwrap();
    bench.chmod(PATH, 0o640);
    root.replace(&FILE.into(), b"new").unwrap();
    assert_eq!(
        (bench.read(PATH).unwrap(), bench.mode(PATH)),
        (b"new".to_vec(), 0o640)
    );
    assert_ne!(root.stat(FILE).unwrap(), Some(old.id()));
    assert_eq!(bench.list("Audio"), ["2026-02-26.md"], "no temporary is left");
}

fn replace_needs_a_file(bench: &impl Bench) {
    let root = bench.open();
    let missing = NamedFile::from(FILE);
    assert_eq!(
        root.replace(&missing, b"x").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    bench.mkdir("Audio");
    assert_eq!(
        root.replace(&missing, b"x").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    bench.mkdir(PATH);
    assert_eq!(
        root.replace(&missing, b"x").unwrap_err().kind(),
        ErrorKind::IsADirectory
    );
}

fn a_root_may_be_reached_through_a_symbolic_link(bench: &impl Bench) {
    let root = bench.open();
    root.create(FILE, b"x").unwrap().unwrap();
    bench.symlink("link", &bench.path().display().to_string());
    let linked = bench.fs().open_root(&bench.path().join("link")).unwrap();
    assert_eq!(linked.stat(FILE).unwrap(), root.stat(FILE).unwrap());
}
