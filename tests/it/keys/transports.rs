//! Scopes, plugin and expiry of a key apply on every transport.

use jiff::{SignedDuration, Timestamp};
use openclone_client::v1::{GetAccessRequest, ListSourceTypesRequest, ingest_response::Outcome};
use tonic::Code;

use super::calls::{add, braindump, markdown, open, post, stream, unary, with};
use crate::app::{TestApp, http};

#[tokio::test(flavor = "multi_thread")]
async fn scope_and_plugin_hold_on_every_transport() {
    let app = TestApp::start("").await;
    let of_another = add(&app, "ana", &["ingest"], |record| {
        record.plugin = Some("other".into())
    });
    for key in [add(&app, "ana", &["ingest:journal"], |_| {}), of_another] {
        let response = post(&app, &key, "x", "1").await;
        assert_eq!(response.status, 403, "{response:?}");
        assert!(
            response.body.starts_with(r#"{"detail":"This key "#),
            "{response:?}"
        );
        let rejected = unary(&app, &key, braindump("x", "1")).await.unwrap_err();
        assert_eq!(rejected.code(), Code::PermissionDenied);
        let Outcome::Error(error) = stream(&app, &key, braindump("x", "1")).await.unwrap() else {
            panic!("taken")
        };
        assert_eq!(error.code, Code::PermissionDenied as i32);
    }
    let reader = add(&app, "ana", &["plugins:read", "metrics"], |_| {});
    assert_eq!(
        open(&app, &reader).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    assert_eq!(post(&app, &reader, "x", "1").await.status, 403);
    let writer = add(&app, "ana", &["ingest"], |_| {});
    let line = format!("X-API-Key: {writer}");
    assert_eq!(
        http(app.address, "GET", "/api/v1/plugins", &[&line], "")
            .await
            .status,
        403
    );
    let list = app
        .registry_client()
        .list_source_types(with(&writer, ListSourceTypesRequest {}))
        .await;
    assert_eq!(list.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(markdown(&app.home().join("tenants")), "");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_keys_are_rejected_on_every_transport() {
    let app = TestApp::start("limits.failed_auth_per_minute = 0\n").await;
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    let expired = add(&app, "ana", &["*"], |record| record.expires_at = Some(past));
    let revoked = add(&app, "ana", &["*"], |record| record.revoked_at = Some(past));
    let mistyped = format!("{}x", &expired[..expired.len() - 1]);
    for key in [&expired, &revoked, &mistyped] {
        let response = post(&app, key, "x", "1").await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (401, r#"{"detail":"Invalid or missing X-API-Key"}"#)
        );
        assert_eq!(
            unary(&app, key, braindump("x", "1")).await.unwrap_err().code(),
            Code::Unauthenticated
        );
        assert_eq!(open(&app, key).await.unwrap_err().code(), Code::Unauthenticated);
        let access = app
            .access_client()
            .get_access(with(key, GetAccessRequest {}))
            .await;
        assert_eq!(access.unwrap_err().code(), Code::Unauthenticated);
        let line = format!("X-API-Key: {key}");
        assert_eq!(
            http(app.address, "GET", "/api/v1/plugins", &[&line], "")
                .await
                .status,
            401
        );
    }
    app.stop().await;
}
