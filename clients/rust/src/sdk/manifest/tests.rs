use serde_json::json;

use super::*;

const CONF: &str = "openclone.enabled = true\n# a comment\n\ninterval = 30.0\nratio=0.5\nmode = fast\nnames = [\"x\", \"y\"]\n";

fn plugin(conf: &str, members: Value) -> (tempfile::TempDir, Manifest) {
    let directory = tempfile::tempdir().unwrap();
    let mut manifest = json!({
        "id": "p", "name": "P", "version": "1.2.0", "source_types": ["braindump", "notes"], "sensitivity": "LOW",
        "config_schema": {
            "openclone.enabled": {"type": "boolean", "default": false},
            "interval": {"type": "integer", "default": 60, "minimum": 10, "maximum": 100},
            "ratio": {"type": "number"},
            "mode": {"type": "string", "default": "slow", "enum": ["slow", "fast"]},
            "names": {"type": "array", "default": ["a"]},
        },
    });
    let Value::Object(members) = members else { panic!() };
    manifest.as_object_mut().unwrap().extend(members);
    fs::write(directory.path().join("plugin.json"), manifest.to_string()).unwrap();
    fs::write(directory.path().join("openclone.conf"), conf).unwrap();
    let manifest = Manifest::read(Some(directory.path())).unwrap();
    (directory, manifest)
}

#[test]
fn settings_are_read_and_checked() {
    let (_directory, manifest) = plugin(CONF, json!({}));
    let config = serde_json::to_value(manifest.config().unwrap()).unwrap();
    let expected =
        json!({"openclone.enabled": true, "interval": 30, "ratio": 0.5, "mode": "fast", "names": ["x", "y"]});
    assert_eq!(config, expected);
    for (line, complaint) in [
        ("interval = soon", "of type integer"),
        ("interval = 9", "at least 10"),
        ("interval = 101", "at most 100"),
        ("interval = true", "of type integer"),
        ("mode = other", "one of slow, fast"),
        ("colour = red", "no setting colour"),
        ("nonsense", "name = value"),
        ("names = a", "of type array"),
    ] {
        let (_directory, manifest) = plugin(&format!("\n{line}\n"), json!({}));
        let error = manifest.config().unwrap_err().to_string();
        assert!(
            error.contains("openclone.conf:2: ") && error.contains(complaint),
            "{line}: {error}"
        );
    }
}

#[test]
fn consent_is_void_when_sensitivity_or_major_version_rises() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("consent")).unwrap();
    let given = r#"{"sensitivity": "HIGH", "version": "1.2.0", "given": 1}"#;
    fs::write(home.path().join("consent/p.json"), given).unwrap();
    for (members, is_on) in [
        (json!({"sensitivity": "HIGH"}), true),
        (json!({"sensitivity": "HIGH", "version": "1.9.0"}), true),
        (json!({"sensitivity": "HIGH", "version": "2.0.0"}), false),
        (json!({"sensitivity": "CRITICAL"}), false),
        (json!({"source_types": ["health"]}), true),
        (json!({"source_types": ["email"]}), false),
    ] {
        let (_directory, manifest) = plugin(CONF, members.clone());
        let config = manifest.config().unwrap();
        let why = why_off(
            "p",
            &manifest.source_types,
            Some((&manifest, &config)),
            home.path(),
            "",
        )
        .unwrap();
        assert_eq!(why.is_none(), is_on, "{members}: {why:?}");
    }
    let (_directory, manifest) = plugin("", json!({}));
    let config = manifest.config().unwrap();
    let off = |named| why_off("p", &[], Some((&manifest, &config)), home.path(), named);
    assert!(
        off("other")
            .unwrap()
            .unwrap()
            .contains("openclone plugins enable p")
    );
    assert_eq!(off("other, p").unwrap(), None);
    assert_eq!(off("true").unwrap_err().name(), "InvalidOptions");
}

#[test]
fn without_a_manifest_high_and_critical_source_types_are_off() {
    let off: Vec<_> = SourceType::ALL
        .into_iter()
        .filter(|known| {
            why_off("p", &[*known], None, Path::new(""), "")
                .unwrap()
                .is_some()
        })
        .collect();
    let expected = [
        SourceType::AudioMic,
        SourceType::Health,
        SourceType::Email,
        SourceType::Messaging,
    ];
    assert_eq!(off, expected);
}
