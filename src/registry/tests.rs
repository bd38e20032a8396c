#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn install(dir: &Path, id: &str, manifest: &str) {
    fs::create_dir_all(dir.join(id)).unwrap();
    fs::write(dir.join(id).join("plugin.json"), manifest).unwrap();
}

fn load(dir: &Path) -> Registry {
    Registry::with_catalogue(dir, Enforce::Off, r#"{"plugins": []}"#)
}

fn listed(registry: &Registry) -> v1::ListPluginsResponse {
    registry.list("default", &v1::ListPluginsRequest::default())
}

const GOOD: &str = r#"{"id": "my-audio", "name": "My Audio", "version": "1.0.0", "platform": ["macos"],
    "source_types": ["audio_system"], "sensitivity": "LOW", "later": {"x": 1}}"#;

#[test]
fn good_manifests_are_listed_and_bad_ones_explained() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path(), "my-audio", GOOD);
    install(dir.path(), "other-name", &GOOD.replace("my-audio", "my-video"));
    install(dir.path(), "broken", "{");
    install(dir.path(), "empty", "{}");
    fs::create_dir_all(dir.path().join("no-manifest")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("my-audio"), dir.path().join("linked")).unwrap();
    let listed = listed(&load(dir.path()));
    assert_eq!(listed.plugins.len(), 1);
    let plugin = &listed.plugins[0];
    assert_eq!(
        (plugin.id.as_str(), plugin.folders[0].as_str(), plugin.installed),
        ("my-audio", "Audio", true)
    );
    assert!(
        plugin.manifest_json.contains("\"later\"") && plugin.warnings.len() == 1,
        "{plugin:?}"
    );
    let rejected: Vec<_> = listed
        .rejected
        .iter()
        .map(|one| (one.path.as_str(), one.faults.len()))
        .collect();
    assert_eq!(
        rejected,
        [
            ("broken/plugin.json", 1),
            ("empty/plugin.json", 6),
            ("linked", 1),
            ("no-manifest/plugin.json", 1),
            ("other-name/plugin.json", 1)
        ]
    );
}

#[test]
fn two_plugins_with_one_id_are_both_rejected() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path(), "my-audio", GOOD);
    install(dir.path(), "my-audio-copy", GOOD);
    let found = listed(&load(dir.path()));
    assert!(found.plugins.is_empty());
    let seen: Vec<_> = found
        .rejected
        .iter()
        .map(|one| (one.path.as_str(), one.faults.last().unwrap().reason.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            (
                "my-audio-copy/plugin.json",
                "is also the id of my-audio/plugin.json"
            ),
            (
                "my-audio/plugin.json",
                "is also the id of my-audio-copy/plugin.json"
            ),
        ]
    );
    fs::remove_dir_all(dir.path().join("my-audio-copy")).unwrap();
    assert_eq!(listed(&load(dir.path())).plugins.len(), 1);
}

#[test]
fn hostile_manifests_are_one_clear_finding_each() {
    let dir = tempfile::tempdir().unwrap();
    let own = |id: &str| {
        fs::create_dir_all(dir.path().join(id)).unwrap();
        dir.path().join(id).join("plugin.json")
    };
    install(dir.path(), "a-huge", &" ".repeat((64 << 10) + 1));
    install(dir.path(), "b-deep", &format!("{{\"x\": {}", "[".repeat(60_000)));
    std::os::unix::fs::symlink("plugin.json", own("c-loop")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", own("d-link")).unwrap();
    let fifo = own("e-fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    fs::write(own("f-latin"), b"{\"id\": \"\xff\"}").unwrap();
    install(
        dir.path(),
        "g-twice",
        &GOOD
            .replace("my-audio", "g-twice")
            .replace("\"later\"", "\"name\": \"B\", \"later\""),
    );
    fs::create_dir_all(own("h-dir")).unwrap();
    std::os::unix::fs::symlink(".", dir.path().join("i-self")).unwrap();
    let found = listed(&load(dir.path()));
    assert!(found.plugins.is_empty());
    let seen: Vec<_> = found
        .rejected
        .iter()
        .map(|one| {
            assert_eq!(one.faults.len(), 1, "{one:?}");
            format!("{}: {}", one.path, one.faults[0].reason)
        })
        .collect();
    assert_eq!(
        seen,
        [
            "a-huge/plugin.json: larger than 65536 bytes",
            "b-deep/plugin.json: not valid JSON: EOF while parsing a list at line 1 column 60006",
            "c-loop/plugin.json: a symbolic link, which is not followed",
            "d-link/plugin.json: a symbolic link, which is not followed",
            "e-fifo/plugin.json: not a regular file",
            "f-latin/plugin.json: not UTF-8",
            "g-twice/plugin.json: is a duplicate",
            "h-dir/plugin.json: not a regular file",
            "i-self: not a directory; symbolic links are not followed",
        ]
    );
}

#[test]
fn there_are_at_most_a_thousand() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1002 {
        let id = format!("p{n:04}");
        install(dir.path(), &id, &GOOD.replace("my-audio", &id));
    }
    let found = listed(&load(dir.path()));
    assert_eq!(found.plugins.len(), 1000);
    assert_eq!(found.rejected.len(), 1);
    assert_eq!(
        found.rejected[0].faults[0].reason,
        "there are more than 1000 plugins"
    );
}

#[test]
fn the_catalogue_stands_beside_what_is_installed() {
    let dir = tempfile::tempdir().unwrap();
    install(
        dir.path(),
        "openclone-browser",
        &GOOD
            .replace("my-audio", "openclone-browser")
            .replace("audio_system", "web_browsing"),
    );
    let registry = Registry::load(dir.path(), Enforce::Off);
    assert_eq!(listed(&registry).plugins.len(), 14);
    let browser = registry.get("default", "openclone-browser").unwrap();
    assert_eq!(
        (browser.status(), browser.installed, browser.version.as_str()),
        (v1::PluginStatus::Beta, true, "1.0.0")
    );
    assert!(!browser.description.is_empty());
    assert!(!registry.get("default", "openclone-health").unwrap().installed);
    assert!(registry.get("default", "my-audio").is_none());
    let linux = v1::ListPluginsRequest {
        platform: v1::Platform::Linux as i32,
        source_type: v1::SourceType::Music as i32,
    };
    let fitting = registry.list("default", &linux).plugins;
    assert_eq!((fitting.len(), fitting[0].id.as_str()), (1, "openclone-lastfm"));
    let broken = Registry::with_catalogue(dir.path(), Enforce::Off, "[]");
    let found = listed(&broken);
    assert_eq!((found.plugins.len(), found.rejected.len()), (1, 1));
}

#[test]
fn strict_takes_only_what_a_manifest_names() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path(), "my-audio", GOOD);
    let batch = v1::Batch {
        plugin_id: "my-audio".into(),
        platform: v1::Platform::Macos as i32,
        source_type: v1::SourceType::AudioSystem as i32,
        ..v1::Batch::default()
    };
    let other = v1::Batch {
        source_type: v1::SourceType::Email as i32,
        ..batch.clone()
    };
    let stranger = v1::Batch {
        plugin_id: "stranger".into(),
        ..batch.clone()
    };
    let strict = Registry::load(dir.path(), Enforce::Strict);
    assert!(strict.admit(&batch).unwrap());
    assert!(strict.admit(&other).is_err() && strict.admit(&stranger).is_err());
    let catalogued = v1::Batch {
        plugin_id: "openclone-mac-audio".into(),
        ..batch.clone()
    };
    assert!(
        strict.admit(&catalogued).is_err(),
        "the catalogue installs nothing"
    );
    let warn = Registry::load(dir.path(), Enforce::Warn);
    assert!(warn.admit(&batch).unwrap() && !warn.admit(&stranger).unwrap());
    let off = Registry::load(&dir.path().join("nowhere"), Enforce::Off);
    assert!(off.admit(&stranger).unwrap());
}

#[test]
fn a_byte_order_mark_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("plugin.json"), "\u{feff}{}").unwrap();
    assert_eq!(directory::read_file(dir.path()).unwrap(), "{}");
}
