//! The file of keys while the service runs, and after a restart.

use std::fs;

use jiff::{SignedDuration, Timestamp};

use super::calls::{add, post};
use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn invalid_key_file_keeps_the_previous_keys_and_is_reported() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |_| {});
    assert_eq!(post(&app, &key, "x", "1").await.status, 200);
    let path = app.home().join("keys.toml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("\"ingest\"", "\"ingest:everything\"")).unwrap();
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(
        ready.body.contains("unknown scope") && ready.body.contains("the previous keys stay valid"),
        "{ready:?}"
    );
    assert_eq!(post(&app, &key, "x", "2").await.status, 200);
    assert!(
        app.get("/metrics")
            .await
            .body
            .contains("openclone_keys_file_broken 1\n")
    );
    fs::write(&path, good).unwrap();
    assert!(!app.get("/readyz").await.body.contains("detail"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_kept_over_a_restart() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |_| {});
    let id = openclone::auth::token::id_of(&key).unwrap().to_owned();
    let before = Timestamp::now();
    assert_eq!(post(&app, &key, "x", "1").await.status, 200);
    assert!(
        !app.home().join("keys-used.toml").exists(),
        "not one write for each request"
    );
    let home = app.stop().await;
    let uses = openclone::auth::last_use::read(&home.path().join("home/keys-used.toml"));
    assert!((uses[&id].duration_since(before)).abs() < SignedDuration::from_secs(5));
    assert!(!uses.contains_key("env"), "it was not used");
}
