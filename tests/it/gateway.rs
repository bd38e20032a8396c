//! `openclone gateway` as a process in front of `openclone serve` in another process.

use std::fs;

use crate::process::{Serve, command, http};

/// The documented first request.
const FIRST: &str = r#"{"source_type": "braindump", "platform": "macos", "device_id": "test-001", "plugin_id": "my-plugin",
    "plugin_version": "1.0.0", "timestamp": 1708258800.0,
    "events": [{"timestamp":1708258800.0,"data":{"text":"Hello!"},"raw_ref":"e1"}]}"#;

#[test]
fn gateway_responds_like_the_service_and_reports_when_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let serve = Serve::start(&home, &[]);
    let mut gateway = command(&dir.path().join("no-home"));
    gateway.args(["gateway", "--listen", "127.0.0.1:0", "--upstream", &serve.url]);
    let gateway = Serve::spawn(&mut gateway, 2);
    assert_eq!(gateway.lines[1], format!("upstream {}", serve.url));
    assert!(!dir.path().join("no-home").exists());

    let dotenv = fs::read_to_string(home.join(".env")).unwrap();
    let key = dotenv
        .lines()
        .find_map(|line| line.strip_prefix("API_KEY="))
        .unwrap();
    let keyed = [&format!("X-API-Key: {key}")[..], "Content-Type: application/json"];
    let post = |url: &str| http(url, "POST", "/api/v1/ingest", &keyed, FIRST);
    let (status, head, body) = post(&gateway.url);
    assert!(
        status == 200 && body.starts_with(r#"{"stored":1,"skipped":0,"file":"Braindump/"#),
        "{head}\n{body}"
    );
    assert!(
        head.contains("x-ratelimit-limit: 60") && head.contains("x-ratelimit-remaining: 59"),
        "{head}"
    );
    let skipped = post(&gateway.url).2;
    assert!(skipped.starts_with(r#"{"stored":0,"skipped":1,"#), "{skipped}");
    assert_eq!(post(&serve.url).2, skipped);

    for url in [&gateway.url, &serve.url] {
        assert_eq!(http(url, "GET", "/healthz", &[], "").2, r#"{"status":"ok"}"#);
        for (path, allowed) in [
            ("/healthz", "get,head"),
            ("/docs", "get,head"),
            ("/api/v1/ingest", "post"),
        ] {
            let (status, head, body) = http(url, "DELETE", path, &keyed, "");
            assert_eq!(
                (status, body.as_str()),
                (405, r#"{"detail":"Method Not Allowed"}"#),
                "{path}"
            );
            assert!(head.contains(&format!("allow: {allowed}")), "{path}: {head}");
        }
        assert_eq!(
            http(url, "GET", "/nothing", &keyed, "").2,
            r#"{"detail":"Not Found"}"#
        );
    }

    let tenants = |url: &str, key: &[&str]| http(url, "GET", "/api/v1/tenants", key, "");
    let (status, head, body) = tenants(&gateway.url, &keyed);
    assert!(
        status == 200 && head.contains("content-type: application/json"),
        "{head}"
    );
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (
            &page["tenants"][0]["tenant"],
            &page["tenants"][0]["events"]["stored"]
        ),
        (&"default".into(), &1.into())
    );
    let (status, head, body) = tenants(&gateway.url, &[]);
    assert!(
        status == 401 && head.contains("www-authenticate: apikey"),
        "{head}"
    );
    assert_eq!(body, tenants(&serve.url, &[]).2);
    let description = http(&gateway.url, "GET", "/openapi.json", &[], "").2;
    assert!(description.contains(r#""/api/v1/tenants":"#));

    assert_eq!(serve.terminate(), Some(0));
    let (status, head, body) = tenants(&gateway.url, &keyed);
    assert!(status == 503 && head.contains("retry-after: "), "{head}\n{body}");
    let (status, head, body) = post(&gateway.url);
    assert!(status == 503 && head.contains("retry-after: "), "{head}\n{body}");
    assert!(body.starts_with(r#"{"detail":""#), "{body}");
    assert_eq!(gateway.terminate(), Some(0));
}
