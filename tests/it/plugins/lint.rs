//! `openclone plugins lint`: problems and hints, each with its file and line.

use std::fs;

use super::{openclone, write};

#[test]
fn lint_names_the_file_and_line_of_each_finding() {
    let work = tempfile::tempdir().unwrap();
    let dir = work.path().join("my-plugin");
    // put together, so that this file has no finding itself
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    write(
        &dir,
        "plugin.json",
        "{\n  \"id\": \"other\",\n  \"name\": \"Mine\",\n  \"version\": \"1\",\n  \"platform\": [\"macos\"],\n  \
         \"source_types\": [\"braindump\",\n    \"dreams\"],\n  \"config_schema\": {\n    \"openclone.enabled\": \
         {\"type\": \"boolean\", \"default\": true},\n    \"every\": {\"type\": \"integer\", \"default\": \"60\"}\n  }\n}\n",
    );
    write(&dir, "README.md", "# Mine\n\n## Install\n\n## Use\n\nText.\n");
    write(&dir, "openclone.conf", "# on\nopenclone.enabled = true\n");
    write(
        &dir,
        "src/plugin.py",
        &format!("import os\n\n# mine\nSEND_AS = \"{token}\"\n"),
    );
    write(
        &dir,
        "node_modules/other/key.js",
        &format!("const a = \"{token}\"\n"),
    );
    std::os::unix::fs::symlink("/etc/hostname", dir.join("link")).unwrap();
    let (code, out, err) = openclone(work.path(), &["lint", dir.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (1, ""));
    let found: Vec<_> = out
        .lines()
        .map(|line| line.strip_prefix(&format!("{}/", dir.display())).unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "plugin.json:4: version must be SemVer, such as 1.0.0",
            "plugin.json:7: source_types[1] is not one of the 15 source types",
            "plugin.json:1: sensitivity is missing",
            "plugin.json:10: config_schema.every.default is not of type integer",
            "plugin.json:2: id must be the name of its directory, my-plugin",
            "plugin.json:9: config_schema openclone.enabled must default to false: {\"type\": \"boolean\", \"default\": false}",
            "README.md:3: says nothing under this heading",
            "install.sh:1: is missing, and README.md has no section on how to set the plugin up",
            "link:1: is a symbolic link; these are not followed",
            "src/plugin.py:4: looks like a secret (github); read it from the environment",
            "openclone.conf:2: hint: openclone.enabled is true in this working copy; publish it with false (an installed copy starts \
             switched off)",
            "LICENSE:1: hint: is missing; without one nobody may change or share the plugin",
        ]
    );
    assert!(!out.contains(&token), "a secret is not shown");
    let (code, out, err) = openclone(
        work.path(),
        &["lint", work.path().join("nothing").to_str().unwrap()],
    );
    assert!(
        code == 1 && out.is_empty() && err.starts_with("openclone: cannot read"),
        "{err}"
    );
    let empty = work.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let (code, out, _) = openclone(work.path(), &["lint", empty.to_str().unwrap()]);
    assert_eq!((code, out.lines().count()), (1, 4), "{out}");
}

#[test]
fn lint_finds_what_nobody_can_review_and_hints_at_personal_data() {
    let work = tempfile::tempdir().unwrap();
    let dir = work.path().join("my-plugin");
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4));
    write(
        &dir,
        "plugin.json",
        r#"{"id": "my-plugin", "name": "Mine", "version": "1.0.0", "platform": ["linux"], "source_types": ["audio_mic"],
        "sensitivity": "LOW", "config_schema": {"openclone.enabled": {"type": "boolean", "default": false}}}"#,
    );
    write(
        &dir,
        "README.md",
        "# Mine\n\n## Install\n\nRun it.\n\ncurl -s https://get.example.net/x | sudo bash\n",
    );
    write(&dir, "LICENSE", "MIT\n");
    write(&dir, "install.sh", "#!/bin/sh\r\necho\r\n");
    write(&dir, "dist/built.js", &format!("const a = \"{token}\"\n"));
    write(&dir, ".secret/env", &format!("TOKEN={token}\n"));
    write(&dir, "min.js", &format!("let a={}\n", "1+".repeat(3000)));
    write(&dir, "tool", "\u{7f}ELF\0\0");
    let code = "at = '/home/marta/notes'  # /home/user is nobody's\nask('marta@uni.edu', 'me@example.com')\nhere = 48.208174, 16.373819\n\
                get('https://tracker.io/a', 'http://127.0.0.1:1')\niban = 'DE89 3704 0044 0532 0130 00'\n";
    write(&dir, "plugin.py", code);
    let (code, out, _) = openclone(work.path(), &["lint", dir.to_str().unwrap()]);
    assert_eq!(code, 1);
    for expected in [
        "plugin.json:1: sensitivity is LOW, but its source types are up to HIGH",
        "README.md:7: runs what it downloads",
        "install.sh:1: is not executable",
        "install.sh:1: has CRLF line ends",
        "dist/built.js:1: looks like a secret (github)",
        ".secret/env:1: looks like a secret (github)",
        "min.js:1: is minified",
        "tool:1: is a compiled program",
        "plugin.py:1: names the home directory of a person",
        "plugin.py:2: hint: looks like an e-mail address",
        "plugin.py:3: hint: looks like a position",
        "plugin.py:4: hint: contacts tracker.io",
        "plugin.py:5: hint: looks like personal data (iban)",
    ] {
        assert!(
            out.contains(&format!("/my-plugin/{expected}")),
            "{expected} in\n{out}"
        );
    }
    assert_eq!(out.lines().count(), 13, "{out}");
    assert!(!out.contains(&token), "{out}");
}
