//! Messages that cannot be decoded, and errors in trailers.

use super::*;

/// An `IngestRequest` whose fields may be anything.
#[derive(Clone, PartialEq, prost::Message)]
struct AnyRequest {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(bytes = "vec", tag = "2")]
    batch: Vec<u8>,
}

#[tokio::test(flavor = "multi_thread")]
async fn undecodable_message_gets_an_error_in_band_and_the_stream_lives_on() {
    use prost::Message as _;

    let app = TestApp::start("").await;
    let whole = batch(["a".to_owned()]).encode_to_vec();
    let messages = [
        (7, whole[..whole.len() - 1].to_vec()),
        (8, whole),
        (9, vec![0xff; 20]),
    ];
    let messages = messages.map(|(sequence, batch)| AnyRequest { sequence, batch });
    let mut client = tonic::client::Grpc::new(app.channel());
    client.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/openclone.v1.IngestService/Ingest");
    let codec = tonic_prost::ProstCodec::<AnyRequest, v1::IngestResponse>::default();
    let call = client.streaming(keyed(tokio_stream::iter(messages)), path, codec);
    let mut responses = call.await.unwrap().into_inner();
    for (sequence, is_stored) in [(7, false), (8, true), (9, false)] {
        let response = responses.message().await.unwrap().unwrap();
        assert_eq!(response.sequence, sequence);
        match response.outcome.unwrap() {
            Outcome::Result(result) => assert!(is_stored && result.stored == 1, "{result:?}"),
            Outcome::Error(error) => {
                let status = tonic::Status::with_details(
                    Code::from(error.code),
                    error.message.clone(),
                    error.encode_to_vec().into(),
                );
                let info = status.get_details_error_info().unwrap();
                assert!(!is_stored, "{error:?}");
                assert_eq!(status.code(), Code::InvalidArgument);
                assert_eq!(info.reason, "UNDECODABLE");
            }
        }
    }
    assert!(responses.message().await.unwrap().is_none());
    let metrics = app.get("/metrics").await.body;
    let counted = "openclone_rejected_bodies_total{reason=\"UNDECODABLE\"} 2\n";
    assert!(metrics.contains(counted), "{metrics}");
}

/// tonic's reflection fails a stream after its headers were sent: the status is in the trailers.
#[tokio::test(flavor = "multi_thread")]
async fn errors_in_trailers_are_explained_too() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    };

    let app = TestApp::start("").await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: None,
    };
    let responses = ServerReflectionClient::new(app.channel())
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap();
    let status = responses.into_inner().message().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert_eq!(status.get_details_error_info().unwrap().domain, "openclone.dev");
}
