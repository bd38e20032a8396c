#![allow(clippy::unwrap_used)]

use super::*;

fn faults(text: &str) -> Vec<String> {
    let faults = parse("p", text).unwrap_err().faults;
    faults
        .into_iter()
        .map(|violation| format!("{} {}: {}", violation.line, violation.path, violation.reason))
        .collect()
}

fn good(more: &str) -> String {
    format!(
        "{{\n\"id\": \"p\", \"name\": \"P\", \"version\": \"1.0.0\", \"platform\": [\"macos\"],\n\
         \"source_types\": [\"audio_mic\", \"notes\", \"audio_system\"], \"sensitivity\": \"HIGH\"{more}}}"
    )
}

#[test]
fn every_fault_is_named_with_its_line() {
    let text = r#"{"id": "P_", "name": "", "version": "1",
        "platform": ["macos", "dos",
            "macos"],
        "source_types": [], "sensitivity": "low", "description": 1,
        "requires_permissions": [1], "config_schema": 3}"#;
    assert_eq!(
        faults(text),
        [
            "1 id: must be kebab-case of at most 64 characters",
            "1 name: must be a string of 1 to 64 characters",
            "1 version: must be SemVer, such as 1.0.0",
            "2 platform[1]: is not one of the six platforms",
            "3 platform[2]: is listed twice",
            "4 source_types: must be a list with at least one name",
            "4 sensitivity: must be LOW, MEDIUM, HIGH or CRITICAL",
            "4 description: must be a string",
            "5 requires_permissions: must be a list of strings",
            "5 config_schema: must be an object",
        ]
    );
    assert_eq!(faults("{}").len(), 6, "six members are required");
    assert_eq!(faults("[]"), ["1 : not a JSON object"]);
    assert!(faults("{\n\"id\": \"p\",\n}")[0].starts_with("3 : not valid JSON: "));
}

#[test]
fn a_default_fits_its_type() {
    let setting = |json: &str| parse("p", &good(&format!(",\n\"config_schema\": {{\"a.b\": {json}}}")));
    let reason = |json: &str| {
        let faults = setting(json).unwrap_err().faults;
        assert_eq!((faults.len(), faults[0].line), (1, 4), "{faults:?}");
        format!("{}: {}", faults[0].path, faults[0].reason)
    };
    for fine in [
        r#"{"type": "integer", "default": 60}"#,
        r#"{"type": "integer", "default": 60.0}"#,
        r#"{"type": "number", "default": 0.5}"#,
        r#"{"type": "number", "default": 1}"#,
        r#"{"type": "string", "default": ""}"#,
        r#"{"type": "boolean", "default": false, "label": "shown"}"#,
        r#"{"type": "array", "default": ["Spotify"]}"#,
        r#"{"type": "object", "default": {}}"#,
        r#"{"type": "object"}"#,
    ] {
        assert!(setting(fine).is_ok(), "{fine}");
    }
    for (default, kind) in [
        ("1.5", "integer"),
        ("\"1\"", "number"),
        ("1", "string"),
        ("0", "boolean"),
        ("{}", "array"),
        ("[]", "object"),
        ("null", "string"),
    ] {
        assert_eq!(
            reason(&format!("{{\"type\": \"{kind}\", \"default\": {default}}}")),
            format!("config_schema.a.b.default: is not of type {kind}")
        );
    }
    assert_eq!(
        reason("3"),
        "config_schema.a.b: must be an object with type and default"
    );
    assert_eq!(reason("{\"default\": 1}"), "config_schema.a.b.type: is missing");
    assert_eq!(
        reason("{\"type\": \"float\"}"),
        "config_schema.a.b.type: must be one of integer, number, string, boolean, array, object"
    );
}

#[test]
fn a_heartbeat_is_60_to_86400_seconds() {
    for (value, is_good) in [
        ("60", true),
        ("86400", true),
        ("300.0", true),
        ("59", false),
        ("86401", false),
        ("90.5", false),
        ("\"60\"", false),
    ] {
        let manifest = parse("p", &good(&format!(",\n\"heartbeat_seconds\": {value}")));
        assert_eq!(manifest.is_ok(), is_good, "{value}");
    }
}

#[test]
fn keys_that_are_there_twice_are_told_once_each() {
    let text = good(",\n\"id\": \"p\",\n\"x\": {\"y\": 1,\n\"y\": 2}");
    assert_eq!(faults(&text), ["4 id: is a duplicate", "6 x.y: is a duplicate"]);
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| {
        good(&format!(
            ", \"x\": {}{}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        ))
    };
    assert!(parse("p", &nested(16)).is_ok());
    assert_eq!(faults(&nested(17)), ["3 : nested deeper than 16 levels"]);
    assert_eq!(faults(&nested(30_000)).len(), 1);
}

#[test]
fn a_hostile_manifest_has_no_endless_list_of_faults() {
    let text = good("").replace("[\"macos\"]", &format!("[{}1]", "1,".repeat(20_000)));
    let found = faults(&text);
    assert_eq!(found.len(), 101);
    assert_eq!(found[100], "1 : 19901 more faults");
    let long = good(&format!(
        ",\"{}\\u0007\": 1, \"{}\\u0007\": 1",
        "k".repeat(9),
        "k".repeat(9)
    ));
    assert_eq!(faults(&long), ["3 kkkkkkkkk\u{fffd}: is a duplicate"]);
    assert_eq!(
        faults(&good(", \"x\": \"\\ud800\"")),
        ["3 x: not valid JSON: unexpected end of hex escape"]
    );
}

#[test]
fn what_is_shown_follows_from_the_source_types() {
    let plugin = parse("p", &good("")).unwrap().to_proto();
    assert_eq!(plugin.folders, ["Audio", "Notes"]);
    assert!(plugin.consent_required && plugin.warnings.is_empty());
    let modest = parse("p", &good("").replace("HIGH", "LOW")).unwrap().to_proto();
    assert_eq!(
        modest.warnings,
        ["sensitivity is LOW, but its source types are up to HIGH"]
    );
    assert!(modest.consent_required, "a low word does not spare the question");
    let low = good("")
        .replace("HIGH", "LOW")
        .replace("\"audio_mic\", ", "")
        .replace(", \"audio_system\"", "");
    assert!(!parse("p", &low).unwrap().to_proto().consent_required);
}
