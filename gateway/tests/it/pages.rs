//! Everything that is read: the registry, the description, its page, and what does not exist.

use axum::{Router, body::Body};
use http::{HeaderMap, Request};
use serde_json::Value;

use super::service::{Fake, KEY, local, remote, send};

async fn get(router: &Router, path: &str) -> (u16, HeaderMap, String) {
    send(
        router,
        Request::get(path)
            .header("x-api-key", KEY)
            .body(Body::empty())
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn lists_are_alike_over_both_backends() {
    let fake = Fake::default();
    let (near, far) = (local(&fake), remote(&fake).await);
    let mut shown = Vec::new();
    for path in [
        "/api/v1/plugins",
        "/api/v1/plugins/my-plugin",
        "/api/v1/plugins/other",
        "/api/v1/source-types",
        "/api/v1/plugins?platform=linux",
        "/api/v1/plugins?platform=&source_type=audio_mic",
        "/api/v1/plugins?platform=beos",
        "/api/v1/plugins?source_type=x%20y",
        "/api/v1/plugins/%ff",
        "/api/v1/tenants",
    ] {
        let (status, headers, body) = get(&near, path).await;
        assert_eq!(headers["content-type"], "application/json");
        let (far_status, _, far_body) = get(&far, path).await;
        assert_eq!((status, &body), (far_status, &far_body));
        serde_json::from_str::<Value>(&body).unwrap();
        shown.push(format!("{path}\n{status} {body}"));
    }
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[tokio::test]
async fn lists_need_a_key() {
    let router = local(&Fake::default());
    for path in [
        "/api/v1/plugins",
        "/api/v1/plugins?platform=beos",
        "/api/v1/plugins/my-plugin",
        "/api/v1/source-types",
        "/api/v1/tenants",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(send(&router, request).await.0, 401, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let router = local(&Fake::default());
    for path in [
        "/",
        "/api/v1/ingest/",
        "/api/v2/ingest",
        "/docs/",
        "/openapi.yaml",
    ] {
        let (status, _, body) = get(&router, path).await;
        assert_eq!(
            (status, body.as_str()),
            (404, r#"{"detail":"Not Found"}"#),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let router = local(&Fake::default());
    for (method, path, allow) in [
        ("GET", "/api/v1/ingest", "POST"),
        ("DELETE", "/api/v1/plugins", "GET,HEAD"),
        ("POST", "/api/v1/plugins/a", "GET,HEAD"),
        ("PUT", "/docs", "GET,HEAD"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let (status, headers, body) = send(&router, request).await;
        assert_eq!(
            (status, body.as_str()),
            (405, r#"{"detail":"Method Not Allowed"}"#),
            "{path}"
        );
        assert_eq!(headers["allow"], allow, "{path}");
    }
}

#[tokio::test]
async fn it_is_merged_with_routes_of_others() {
    let others = Router::new()
        .route("/healthz", axum::routing::get(|| async { "ok" }))
        .fallback(|| async { "of the others" })
        .reset_fallback()
        .method_not_allowed_fallback(openclone_gateway::method_not_allowed);
    let router = others.merge(local(&Fake::default()));
    assert_eq!(get(&router, "/healthz").await.2, "ok");
    assert_eq!(get(&router, "/nowhere").await.2, r#"{"detail":"Not Found"}"#);
    let request = Request::post("/healthz").body(Body::empty()).unwrap();
    let (status, headers, body) = send(&router, request).await;
    assert_eq!(
        (status, body.as_str()),
        (405, r#"{"detail":"Method Not Allowed"}"#)
    );
    assert_eq!(headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn the_description_and_its_page_need_no_key_and_nothing_from_elsewhere() {
    let router = local(&Fake::default());
    let open = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let (status, _, body) = send(&router, open("/openapi.json")).await;
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, document["openapi"].as_str()), (200, Some("3.1.0")));
    let (status, headers, page) = send(&router, open("/docs")).await;
    assert_eq!(status, 200);
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for shown in [
        "device_id",
        "raw_ref",
        "audio_system",
        "Rate limit exceeded",
        "X-API-Key",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    for unwanted in ["<script", "src=", "href=\"http", "style="] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    let (status, headers, _) = send(&router, open("/docs/style.css")).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/css; charset=utf-8")
    );
}
