//! Rate limits of a key, and of all keys of a tenant.

use std::time::Duration;

use openclone_client::v1::GetAccessRequest;
use serde_json::Value;
use tonic::Code;

use super::calls::{add, braindump, change, post, stream, unary, with};
use crate::app::{TestApp, http};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_own_rate() {
    let app = TestApp::start("").await;
    let slow = add(&app, "ana", &["ingest"], |record| {
        record.requests_per_minute = Some(2)
    });
    let free = add(&app, "ana", &["ingest"], |record| {
        record.requests_per_minute = Some(0)
    });
    for left in ["1", "0"] {
        let response = post(&app, &slow, "x", left).await;
        assert_eq!(
            (
                response.status,
                response.headers["x-ratelimit-remaining"].as_str()
            ),
            (200, left)
        );
    }
    let held = unary(&app, &slow, braindump("x", "3")).await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceExhausted);
    let held = post(&app, &slow, "x", "4").await;
    assert_eq!(held.status, 429);
    assert!(
        held.body.contains("Rate limit exceeded: 2 per 1 minute"),
        "{held:?}"
    );
    for n in 0..70 {
        assert_eq!(post(&app, &free, "x", &n.to_string()).await.status, 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_tenant_share_its_limit_on_every_transport() {
    let app = TestApp::start("[tenants.ana]\nrequests_per_minute = 3\n").await;
    let (phone, laptop) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ana", &["ingest"], |_| {}),
    );
    let stranger = add(&app, "ben", &["ingest"], |_| {});
    let response = post(&app, &phone, "x", "1").await;
    assert_eq!(
        (response.status, &*response.headers["x-ratelimit-limit"]),
        (200, "3")
    );
    unary(&app, &laptop, braindump("x", "2")).await.unwrap();
    stream(&app, &laptop, braindump("x", "3")).await.unwrap();
    // What has been used stays used when the file of keys changes.
    change(&app, &phone, |record| record.label = "renamed".into());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let held = post(&app, &laptop, "x", "4").await;
    assert!(
        held.status == 429 && held.body.contains("Rate limit exceeded: 3 per 1 minute"),
        "{held:?}"
    );
    assert!(held.headers.contains_key("retry-after"), "{held:?}");
    let held = unary(&app, &phone, braindump("x", "5")).await.unwrap_err();
    assert_eq!(held.code(), Code::ResourceExhausted);
    let free = post(&app, &stranger, "x", "6").await;
    assert_eq!((free.status, &*free.headers["x-ratelimit-limit"]), (200, "60"));

    let access = app
        .access_client()
        .get_access(with(&phone, GetAccessRequest {}))
        .await;
    let limits = access.unwrap().into_inner().limits.unwrap();
    assert_eq!(
        (limits.requests_per_minute, limits.burst, limits.remaining),
        (3, 3, 0)
    );
    let page = http(
        app.address,
        "GET",
        "/api/v1/tenants",
        &[&format!("X-API-Key: {phone}")],
        "",
    )
    .await;
    let page: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(page["tenants"][0]["limits"]["requests_per_minute"], 3);
    app.stop().await;
}
