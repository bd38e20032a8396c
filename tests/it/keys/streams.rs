//! An open stream ends when its key is revoked or expires.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use openclone_client::v1::{self, IngestRequest};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, Streaming};

use super::calls::{add, braindump, change, markdown, open};
use crate::app::TestApp;

/// The status with which an open stream ends, within 5 s.
async fn end(mut responses: Streaming<v1::IngestResponse>) -> Status {
    let since = Instant::now();
    let ended = tokio::time::timeout(Duration::from_secs(5), responses.next()).await;
    let status = ended
        .expect("it must end within 5 s")
        .expect("not in silence")
        .unwrap_err();
    assert!(since.elapsed() < Duration::from_secs(5));
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_key() {
    let app = TestApp::start("").await;
    let (revoked, expiring) = (
        add(&app, "ana", &["ingest"], |_| {}),
        add(&app, "ana", &["ingest"], |_| {}),
    );
    let kept = add(&app, "ana", &["ingest"], |_| {});
    let (idle, idle_answers) = open(&app, &revoked).await.unwrap();
    let (busy, mut busy_answers) = open(&app, &expiring).await.unwrap();
    let (lasting, mut lasting_answers) = open(&app, &kept).await.unwrap();
    busy.send(IngestRequest {
        sequence: 1,
        batch: Some(braindump("before", "1")),
    })
    .await
    .unwrap();
    assert!(busy_answers.message().await.unwrap().is_some());
    change(&app, &revoked, |record| {
        record.revoked_at = Some(Timestamp::now())
    });
    change(&app, &expiring, |record| {
        record.expires_at = Some(Timestamp::now() + SignedDuration::from_millis(300))
    });
    // batches that come after the end are not taken, and end the stream at once
    tokio::time::sleep(Duration::from_millis(900)).await;
    busy.send(IngestRequest {
        sequence: 2,
        batch: Some(braindump("after", "2")),
    })
    .await
    .unwrap();
    assert_eq!(end(busy_answers).await.code(), Code::Unauthenticated);
    assert_eq!(end(idle_answers).await.code(), Code::Unauthenticated);
    lasting
        .send(IngestRequest {
            sequence: 3,
            batch: Some(braindump("kept", "3")),
        })
        .await
        .unwrap();
    assert!(
        lasting_answers.message().await.unwrap().is_some(),
        "other keys' streams go on"
    );
    let text = markdown(&app.home().join("tenants/ana"));
    assert!(
        text.contains("before") && text.contains("kept") && !text.contains("after"),
        "{text}"
    );
    drop((idle, busy, lasting));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paced_stream_ends_with_its_key() {
    let app = TestApp::start("").await;
    let key = add(&app, "ana", &["ingest"], |record| {
        record.events_per_second = Some(1)
    });
    let (sender, mut responses) = open(&app, &key).await.unwrap();
    let mut full = braindump("x", "0");
    full.events = (0..500)
        .map(|n| braindump("x", &n.to_string()).events.remove(0))
        .collect();
    for sequence in 0..3 {
        sender
            .send(IngestRequest {
                sequence,
                batch: Some(full.clone()),
            })
            .await
            .unwrap();
    }
    assert!(
        responses.message().await.unwrap().is_some(),
        "the first fits, the second waits for minutes"
    );
    change(&app, &key, |record| record.revoked_at = Some(Timestamp::now()));
    assert_eq!(end(responses).await.code(), Code::Unauthenticated);
    app.stop().await;
}
