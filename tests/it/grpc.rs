//! gRPC over real sockets: streams, unary calls, in-band errors, access, registry, health, reflection, gRPC-Web.

mod undecodable;

use std::time::{Duration, SystemTime};

use crate::app::{KEY, TestApp, keyed};
use openclone_client::v1::{
    self, Batch, Event, GetAccessRequest, IngestBatchRequest, IngestRequest, ListSourceTypesRequest,
    event::Data, ingest_response::Outcome,
};
use prost::Message as _;
use tokio_stream::StreamExt as _;
use tonic::{Code, codec::CompressionEncoding};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;

fn batch(raw_refs: impl IntoIterator<Item = String>) -> Batch {
    let now = Some(prost_types::Timestamp::from(SystemTime::now()));
    let event = |raw_ref| Event {
        timestamp: now,
        raw_ref: Some(raw_ref),
        data: Some(Data::Journal(v1::Journal {
            text: Some("a line".into()),
            duration: Some(1.5),
        })),
    };
    Batch {
        source_type: v1::SourceType::Journal as i32,
        platform: v1::Platform::Ios as i32,
        device_id: "550e8400-e29b-41d4-a716-446655440000".into(),
        plugin_id: "voice-journal".into(),
        plugin_version: "1.0.0".into(),
        timestamp: now,
        events: raw_refs.into_iter().map(event).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_responds_in_order_and_continues_after_an_invalid_batch() {
    let app = TestApp::start("").await;
    let mut requests = Vec::new();
    for n in 0..100_u64 {
        let mut one = batch([format!("{n}"), format!("{}", n + 1)]);
        if n == 50 {
            one.events[1].timestamp = None;
        }
        requests.push(IngestRequest {
            sequence: n + 7,
            batch: Some(one),
        });
    }
    requests.push(IngestRequest {
        sequence: 1,
        batch: None,
    });
    let mut client = app.ingest_client();
    let responses = client
        .ingest(keyed(tokio_stream::iter(requests)))
        .await
        .unwrap()
        .into_inner();
    let responses: Vec<_> = responses.map(Result::unwrap).collect().await;
    let sequences: Vec<_> = responses.iter().map(|response| response.sequence).collect();
    assert_eq!(sequences, (7..107).chain([1]).collect::<Vec<_>>());
    let (mut stored, mut skipped) = (0, 0);
    for response in &responses {
        match response.outcome.as_ref().unwrap() {
            Outcome::Result(result) => (stored, skipped) = (stored + result.stored, skipped + result.skipped),
            Outcome::Error(error) => {
                let details =
                    tonic::Status::with_details(Code::InvalidArgument, "", error.encode_to_vec().into());
                let fields = details.get_details_bad_request().unwrap().field_violations;
                let field = if response.sequence == 1 {
                    "batch"
                } else {
                    "events[1].timestamp"
                };
                assert_eq!((error.code, fields[0].field.as_str()), (3, field));
            }
        }
    }
    assert_eq!(
        (stored, skipped),
        (101, 97),
        "batch 50 stored nothing, and 51 is new in the batch after it"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_and_json_data_give_the_same_event() {
    let app = TestApp::start("").await;
    let mut client = app.ingest_client().send_compressed(CompressionEncoding::Zstd);
    let mut typed = batch([String::new()]);
    let first = client
        .ingest_batch(keyed(IngestBatchRequest {
            batch: Some(typed.clone()),
        }))
        .await
        .unwrap();
    assert_eq!(first.metadata().get("x-ratelimit-remaining").unwrap(), "59");
    assert_eq!(first.into_inner().result.unwrap().stored, 1);
    typed.events[0].data = Some(Data::Json(r#"{"duration": 1.50, "text": "a line"}"#.into()));
    let second = client
        .ingest_batch(keyed(IngestBatchRequest { batch: Some(typed) }))
        .await
        .unwrap();
    assert_eq!(second.into_inner().result.unwrap().skipped, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_carry_code_reason_and_details() {
    let app = TestApp::start("registry.enforce = \"strict\"\nlimits.burst = 2\n").await;
    let mut client = app.ingest_client();
    let missing = client
        .ingest_batch(IngestBatchRequest::default())
        .await
        .unwrap_err();
    let reason = |status: &tonic::Status| {
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.domain, "openclone.dev");
        (status.code(), info.reason)
    };
    assert_eq!(
        reason(&missing),
        (Code::Unauthenticated, "INVALID_API_KEY".into())
    );
    let stranger = client
        .ingest_batch(keyed(IngestBatchRequest {
            batch: Some(batch(["x".into()])),
        }))
        .await;
    assert_eq!(
        reason(&stranger.unwrap_err()),
        (Code::PermissionDenied, "FORBIDDEN".into())
    );
    let mut invalid = batch(["x".into()]);
    invalid.plugin_id = "No".into();
    invalid.events[0].data = Some(Data::Json("{\"a\":".repeat(40) + "1" + &"}".repeat(40)));
    let invalid = client
        .ingest_batch(keyed(IngestBatchRequest { batch: Some(invalid) }))
        .await
        .unwrap_err();
    assert_eq!(reason(&invalid), (Code::InvalidArgument, "DATA_TOO_DEEP".into()));
    assert_eq!(invalid.metadata().get("x-ratelimit-remaining").unwrap(), "0");
    let limited = client
        .ingest_batch(keyed(IngestBatchRequest {
            batch: Some(batch(["x".into()])),
        }))
        .await
        .unwrap_err();
    assert_eq!(reason(&limited), (Code::ResourceExhausted, "RATE_LIMITED".into()));
    assert!(limited.get_details_retry_info().unwrap().retry_delay.unwrap() <= Duration::from_secs(1));
    let streamed = client
        .ingest(keyed(tokio_stream::pending::<IngestRequest>()))
        .await
        .unwrap_err();
    assert_eq!(
        streamed.code(),
        Code::ResourceExhausted,
        "opening a stream counts"
    );
    app.stop().await;
}

/// Calls `method` of IngestService with one message of any type, and returns its error.
async fn call_with<Q: prost::Message + 'static>(
    app: &TestApp,
    method: &'static str,
    message: Q,
) -> tonic::Status {
    let mut client = tonic::client::Grpc::new(app.channel());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static(method);
    let codec = tonic_prost::ProstCodec::<Q, v1::IngestResponse>::default();
    let messages = keyed(tokio_stream::iter([message]));
    match client.streaming(messages, path, codec).await {
        Ok(responses) => responses.into_inner().message().await.unwrap_err(),
        Err(status) => status,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_transport_are_explained_too() {
    let app = TestApp::start("").await;
    // field 1 is a message in one of them and a number in the other
    let (number, message) = (
        IngestRequest {
            sequence: 7,
            batch: None,
        },
        IngestBatchRequest {
            batch: Some(batch(["a".to_owned()])),
        },
    );
    for (status, code, reason) in [
        (
            call_with(&app, "/openclone.v1.IngestService/Nothing", message.clone()).await,
            Code::Unimplemented,
            "UNIMPLEMENTED",
        ),
        (
            call_with(&app, "/openclone.v1.Nothing/Nothing", message.clone()).await,
            Code::Unimplemented,
            "UNIMPLEMENTED",
        ),
        (
            call_with(&app, "/openclone.v1.IngestService/IngestBatch", number).await,
            Code::InvalidArgument,
            "UNDECODABLE",
        ),
    ] {
        assert_eq!(status.code(), code, "{status}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            (reason, "openclone.dev")
        );
    }
}

/// Without a key the state is public, and the totals are for callers on the same machine.
#[tokio::test(flavor = "multi_thread")]
async fn status_has_totals_for_those_who_may_read_metrics() {
    for (options, is_open) in [("", true), ("telemetry.open_metrics = false", false)] {
        let app = TestApp::start(options).await;
        let one = IngestBatchRequest {
            batch: Some(batch(["a".to_owned(), "a".to_owned()])),
        };
        app.ingest_client().ingest_batch(keyed(one)).await.unwrap();
        let mut client = v1::operations_service_client::OperationsServiceClient::new(app.channel());
        let open = client
            .get_status(v1::GetStatusRequest {})
            .await
            .unwrap()
            .into_inner();
        assert_eq!((open.state.as_str(), open.totals.is_some()), ("ready", is_open));
        let with_key = client.get_status(keyed(v1::GetStatusRequest {})).await.unwrap();
        let events = with_key.into_inner().totals.unwrap().events;
        assert_eq!(
            (events["stored"], events["duplicate"], events["rejected"]),
            (1, 1, 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_when_the_service_drains() {
    let app = TestApp::start("").await;
    let mut client = app.ingest_client();
    let requests = tokio_stream::iter([IngestRequest {
        sequence: 1,
        batch: Some(batch(["d".into()])),
    }]);
    let open = requests.chain(tokio_stream::pending());
    let mut responses = client.ingest(keyed(open)).await.unwrap().into_inner();
    assert!(matches!(
        responses.message().await.unwrap().unwrap().outcome,
        Some(Outcome::Result(_))
    ));
    let stopping = tokio::spawn(app.stop());
    let end = responses.message().await.unwrap_err();
    assert_eq!(end.get_details_error_info().unwrap().reason, "DRAINING");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn access_source_types_health_and_reflection() {
    let app = TestApp::start("").await;
    let access = app
        .access_client()
        .get_access(keyed(GetAccessRequest {}))
        .await
        .unwrap()
        .into_inner();
    let limits = access.limits.unwrap();
    assert_eq!(
        (access.tenant.as_str(), access.scopes, limits.remaining),
        ("default", vec!["*".to_owned()], 60)
    );
    let list = app
        .registry_client()
        .list_source_types(keyed(ListSourceTypesRequest {}))
        .await
        .unwrap();
    let list = list.into_inner().source_types;
    assert_eq!(
        (list.len(), list[9].name.as_str(), list[9].folder.as_str()),
        (15, "gps", "Location")
    );
    let mut health = HealthClient::new(app.channel());
    let ask = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    let status = health
        .check(ask("openclone.v1.IngestService"))
        .await
        .unwrap()
        .into_inner()
        .status;
    assert_eq!(status, 1, "serving, without a key");
    assert_eq!(
        health.check(ask("other")).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(
        services(&app).await,
        [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "openclone.v1.AccessService",
            "openclone.v1.IngestService",
            "openclone.v1.OperationsService",
            "openclone.v1.RegistryService",
            "openclone.v1.TenantService",
        ]
    );
    app.stop().await;
}

async fn services(app: &TestApp) -> Vec<String> {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let ask = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut client = ServerReflectionClient::new(app.channel());
    let mut responses = client
        .server_reflection_info(tokio_stream::iter([ask]))
        .await
        .unwrap()
        .into_inner();
    let response = responses.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = response.message_response else {
        panic!("{response:?}")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_web_works_over_http_1() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = TestApp::start("").await;
    let message = IngestBatchRequest {
        batch: Some(batch(["web".into()])),
    }
    .encode_to_vec();
    let mut body = vec![0];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend(message);
    let head = format!(
        "POST /openclone.v1.IngestService/IngestBatch HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-API-Key: {KEY}\r\n\
         Content-Type: application/grpc-web+proto\r\nContent-Length: {}\r\n\r\n",
        app.address,
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    let text = String::from_utf8_lossy(&response);
    assert!(
        text.starts_with("HTTP/1.1 200") && text.contains("grpc-status:0") && text.contains("Journal/"),
        "{text}"
    );
    app.stop().await;
}
