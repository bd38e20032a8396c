//! The plugin registry over real sockets: installed and catalogued plugins, their activity, and `registry.enforce`.

use std::{fs, path::Path, time::Duration};

use crate::app::{TestApp, braindump, http, keyed};
use openclone_client::v1::{
    GetPluginRequest, HealthState, ListPluginsRequest, Platform, PluginStatus, ReportHealthRequest,
};
use serde_json::{Value, json};

fn install(home: &Path, id: &str, more: &str) {
    let dir = home.join("plugins").join(id);
    fs::create_dir_all(&dir).unwrap();
    let manifest = format!(
        r#"{{"id": "{id}", "name": "Mine", "version": "1.0.0", "platform": ["macos"],
        "source_types": ["braindump"], "sensitivity": "LOW"{more}}}"#
    );
    fs::write(dir.join("plugin.json"), manifest).unwrap();
}

fn prepared(id: &str) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    install(&temp.path().join("home"), id, r#", "later": [1]"#);
    temp
}

async fn json_at(app: &TestApp, path: &str) -> Value {
    let response = app.get(path).await;
    assert_eq!(response.status, 200, "{path}: {response:?}");
    serde_json::from_str(&response.body).unwrap()
}

/// Asks until the list of installed ids and rejected paths is as expected, for some seconds.
async fn comes_to(app: &TestApp, installed: &[&str], rejected: &[&str]) -> Value {
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = json_at(app, "/api/v1/plugins").await;
        let all = |list: &str, name: &str| -> Vec<String> {
            let entries = seen[list].as_array().unwrap().iter();
            let entries = entries.filter(|entry| entry.get("installed") != Some(&json!(false)));
            entries
                .map(|entry| entry[name].as_str().unwrap().to_owned())
                .collect()
        };
        if all("plugins", "id") == installed && all("rejected", "path") == rejected {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the registry stays at {seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_health_is_shown_and_bad_ones_are_rejected() {
    let app = TestApp::start_in(prepared("my-plugin"), "").await;
    let report = ReportHealthRequest {
        plugin_id: "my-plugin".to_owned(),
        plugin_version: "1.0.0".to_owned(),
        device_id: "test-001".to_owned(),
        state: HealthState::Failing as i32,
        reason: "no microphone".to_owned(),
        heartbeat_seconds: 60,
        queued: 7,
        ..ReportHealthRequest::default()
    };
    let mut client = app.access_client();
    client.report_health(keyed(report.clone())).await.unwrap();
    let mine = json_at(&app, "/api/v1/plugins/my-plugin").await;
    let shown = &mine["health"][0];
    assert_eq!(shown["state"], "failing");
    assert_eq!(
        (&shown["reason"], &shown["queued"]),
        (&json!("no microphone"), &json!(7))
    );
    assert_eq!(
        (&shown["is_silent"], &shown["device_id"]),
        (&json!(false), &json!("test-001"))
    );
    let bad = ReportHealthRequest {
        state: 0,
        heartbeat_seconds: 59,
        ..report
    };
    let status = client.report_health(keyed(bad)).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    let nobody = client
        .report_health(ReportHealthRequest::default())
        .await
        .unwrap_err();
    assert_eq!(nobody.code(), tonic::Code::Unauthenticated);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installed_and_catalogued_plugins_are_listed_with_filters() {
    let app = TestApp::start_in(prepared("my-plugin"), "").await;
    let all = json_at(&app, "/api/v1/plugins").await;
    assert_eq!(all["plugins"].as_array().unwrap().len(), 15);
    assert_eq!(all["rejected"], json!([]));
    let mine = json_at(&app, "/api/v1/plugins/my-plugin").await;
    assert_eq!(mine["folders"], json!(["Braindump"]));
    assert_eq!(mine["manifest"]["later"], json!([1]), "unknown members are kept");
    let mic = json_at(&app, "/api/v1/plugins/openclone-mac-mic").await;
    assert_eq!(
        (
            &mic["status"],
            &mic["installed"],
            &mic["consent_required"],
            &mic["sensitivity"]
        ),
        (&json!("stable"), &json!(false), &json!(true), &json!("HIGH"))
    );
    let ids = |list: Value| -> Vec<String> {
        let plugins = list["plugins"].as_array().unwrap().iter();
        plugins
            .map(|plugin| plugin["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let windows = json_at(&app, "/api/v1/plugins?platform=windows&source_type=audio_system").await;
    assert_eq!(ids(windows), ["openclone-windows-audio"]);
    let thoughts = json_at(&app, "/api/v1/plugins?source_type=braindump").await;
    assert_eq!(ids(thoughts), ["my-plugin"]);
    assert_eq!(app.get("/api/v1/plugins?platform=beos").await.status, 422);
    assert_eq!(app.get("/api/v1/plugins/nothing").await.status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_and_json_responses_are_equal() {
    let app = TestApp::start_in(prepared("my-plugin"), "").await;
    let mut client = app.registry_client();
    let mut filter = ListPluginsRequest::default();
    filter.set_platform(Platform::Web);
    let listed = client.list_plugins(keyed(filter)).await.unwrap().into_inner();
    let ids: Vec<_> = listed.plugins.iter().map(|plugin| plugin.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "openclone-browser",
            "openclone-calendar",
            "openclone-lastfm",
            "openclone-obsidian"
        ]
    );
    let get = |id: &str| keyed(GetPluginRequest { id: id.into() });
    let browser = client
        .get_plugin(get("openclone-browser"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(browser.plugin.unwrap().status(), PluginStatus::Beta);
    let mine = client
        .get_plugin(get("my-plugin"))
        .await
        .unwrap()
        .into_inner()
        .plugin
        .unwrap();
    assert!(mine.installed && mine.manifest_json.contains("\"later\": [1]"));
    let missing = client.get_plugin(get("nothing")).await.unwrap_err();
    assert_eq!(missing.code(), tonic::Code::NotFound);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activity_counts_what_a_plugin_has_sent() {
    let app = TestApp::start_in(prepared("my-plugin"), "").await;
    let before = json_at(&app, "/api/v1/plugins/my-plugin").await;
    assert_eq!(before["activity"]["last_seen"], Value::Null);
    let now = jiff::Timestamp::now().as_second();
    let body = braindump("a", "1").replace("1708258800.0", &(now - 90).to_string());
    for body in [&body, &body] {
        assert_eq!(app.post(body).await.status, 200);
    }
    let bad = body.replace("test-001", "no-device");
    assert_eq!(app.post(&bad).await.status, 422);
    let seen = json_at(&app, "/api/v1/plugins/my-plugin").await["activity"].clone();
    assert_eq!(
        (&seen["stored"], &seen["skipped"], &seen["rejected"]),
        (&json!(1), &json!(1), &json!(1)),
        "{seen}"
    );
    assert!(
        (now..=now + 30).contains(&(seen["last_seen"].as_f64().unwrap() as i64)),
        "{seen}"
    );
    assert!(
        (89.0..120.0).contains(&seen["clock_skew_seconds"].as_f64().unwrap()),
        "{seen}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_batches_are_counted_for_their_plugin() {
    let app = TestApp::start_in(prepared("my-plugin"), "registry.enforce = \"strict\"\n").await;
    let foreign = braindump("a", "1").replace("\"macos\"", "\"linux\"");
    assert_eq!(app.post(&foreign).await.status, 403);
    let seen = json_at(&app, "/api/v1/plugins/my-plugin").await;
    assert_eq!(seen["activity"]["rejected"], 1, "{seen}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_accepts_only_installed_plugins() {
    let app = TestApp::start("registry.enforce = \"strict\"\n").await;
    let body = braindump("a", "1");
    let stranger = app.post(&body).await;
    assert_eq!(
        (stranger.status, stranger.body.as_str()),
        (403, r#"{"detail":"Plugin my-plugin is not registered"}"#)
    );
    install(&app.home(), "my-plugin", "");
    comes_to(&app, &["my-plugin"], &[]).await;
    assert_eq!(app.post(&body).await.status, 200, "it was installed meanwhile");
    let platform = app.post(&body.replace("\"macos\"", "\"linux\"")).await;
    assert_eq!(
        (platform.status, platform.body.as_str()),
        (
            403,
            r#"{"detail":"Plugin my-plugin is not registered for platform linux"}"#
        )
    );
    let kind = app.post(&body.replace("\"braindump\"", "\"journal\"")).await;
    assert_eq!(
        (kind.status, kind.body.as_str()),
        (
            403,
            r#"{"detail":"Plugin my-plugin is not registered for source type journal"}"#
        )
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warn_counts_unknown_plugins_and_off_ignores_them() {
    for (enforce, counted) in [("warn", "1"), ("off", "0")] {
        let app = TestApp::start(&format!("registry.enforce = \"{enforce}\"\n")).await;
        assert_eq!(app.post(&braindump("a", "1")).await.status, 200);
        let metrics = app.get("/metrics").await.body;
        let line = format!("openclone_unregistered_batches_total {counted}");
        assert!(metrics.lines().any(|found| found == line), "{enforce}: {metrics}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_apply_while_the_service_runs() {
    let app = TestApp::start("").await;
    let home = app.home();
    let manifest = |id: &str| home.join("plugins").join(id).join("plugin.json");
    install(&home, "first", "");
    comes_to(&app, &["first"], &[]).await;
    install(&home, "second", "");
    comes_to(&app, &["first", "second"], &[]).await;
    fs::write(manifest("second"), "{").unwrap();
    let seen = comes_to(&app, &["first"], &["second/plugin.json"]).await;
    assert_eq!(seen["rejected"][0]["faults"].as_array().unwrap().len(), 1);
    install(&home, "second", r#", "description": "mended""#);
    comes_to(&app, &["first", "second"], &[]).await;
    // an editor that writes beside and renames, in a directory that was replaced as a whole
    fs::remove_dir_all(home.join("plugins/second")).unwrap();
    comes_to(&app, &["first"], &[]).await;
    install(&home, "second", "");
    comes_to(&app, &["first", "second"], &[]).await;
    fs::write(manifest("second").with_extension("new"), "[]").unwrap();
    fs::rename(manifest("second").with_extension("new"), manifest("second")).unwrap();
    comes_to(&app, &["first"], &["second/plugin.json"]).await;
    // the whole directory goes and comes again
    fs::remove_dir_all(home.join("plugins")).unwrap();
    comes_to(&app, &[], &[]).await;
    install(&home, "third", "");
    comes_to(&app, &["third"], &[]).await;
    fs::remove_dir_all(home.join("plugins/third")).unwrap();
    comes_to(&app, &[], &[]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_manifest_does_not_prevent_the_start() {
    let temp = prepared("my-plugin");
    let plugins = temp.path().join("home/plugins");
    fs::create_dir_all(plugins.join("bad")).unwrap();
    fs::write(
        plugins.join("bad/plugin.json"),
        r#"{"id": "bad", "platform": ["dos"]}"#,
    )
    .unwrap();
    let app = TestApp::start_in(temp, "").await;
    let seen = comes_to(&app, &["my-plugin"], &["bad/plugin.json"]).await;
    let faults: Vec<_> = seen["rejected"][0]["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            format!(
                "{} {}",
                error["path"].as_str().unwrap(),
                error["reason"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        faults,
        [
            "name is missing",
            "version is missing",
            "platform[0] is not one of the six platforms",
            "source_types is missing",
            "sensitivity is missing"
        ]
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_of_manifests_needs_no_key() {
    let app = TestApp::start("").await;
    let served = http(app.address, "GET", "/schemas/plugin.json", &[], "").await;
    assert_eq!(
        (served.status, served.headers["content-type"].as_str()),
        (200, "application/schema+json")
    );
    let committed = include_str!("../../plugins/plugin.schema.json");
    assert_eq!(served.body, committed);
    let invalid = http(app.address, "POST", "/schemas/plugin.json", &[], "").await;
    assert_eq!(
        (invalid.status, invalid.headers["allow"].as_str()),
        (405, "GET,HEAD")
    );
    app.stop().await;
}
