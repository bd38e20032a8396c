//! A service that keeps nothing: it checks keys and rules as the real one does, and notes what it was asked.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, extract::State, routing::post};
use http::{HeaderMap, Request, Response, header};
use openclone_client::{
    v1::{
        GetAccessRequest, GetAccessResponse, GetPluginRequest, GetPluginResponse, IngestBatchRequest,
        IngestBatchResponse, IngestResult, ListPluginsRequest, ListPluginsResponse, ListSourceTypesRequest,
        ListSourceTypesResponse, Plugin, RejectedManifest, SourceTypeInfo,
    },
    validate,
};
use openclone_gateway::{GatewayOptions, Transport, router};
use prost::Message;
use tonic::{Code, Status, metadata::MetadataMap, transport::Endpoint};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt};
use tower::{ServiceExt, service_fn};

pub(crate) const KEY: &str = "oc_good";

/// What the service was asked, and what it shall answer.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) calls: Vec<&'static str>,
    pub(crate) batches: Vec<IngestBatchRequest>,
    pub(crate) metadata: Vec<HeaderMap>,
    /// The answer to the next batch, if not the usual one.
    pub(crate) next: Option<Result<IngestResult, Status>>,
}

#[derive(Clone, Default)]
pub(crate) struct Fake(pub(crate) Arc<Mutex<Notes>>);

impl Fake {
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    pub(crate) fn will(&self, answer: Result<IngestResult, Status>) {
        self.0.lock().unwrap().next = Some(answer);
    }

    fn admit<T>(&self, call: &'static str, request: &tonic::Request<T>) -> Result<(), Status> {
        let mut notes = self.0.lock().unwrap();
        notes.calls.push(call);
        notes.metadata.push(request.metadata().clone().into_headers());
        match request.metadata().get("x-api-key").map(|key| key.as_bytes()) {
            Some(key) if key == KEY.as_bytes() => Ok(()),
            Some(b"oc_flood") => Err(limited()),
            _ => Err(status(Code::Unauthenticated, "no such key", "INVALID_API_KEY")),
        }
    }

    fn ingest(&self, request: tonic::Request<IngestBatchRequest>) -> Result<IngestResult, Status> {
        self.admit("IngestBatch", &request)?;
        let message = request.into_inner();
        let violations = validate(message.batch.as_ref().unwrap(), SystemTime::now());
        let mut notes = self.0.lock().unwrap();
        let stored = u32::try_from(message.batch.as_ref().unwrap().events.len()).unwrap();
        notes.batches.push(message);
        if let Some(answer) = notes.next.take() {
            return answer;
        }
        if violations.is_empty() {
            return Ok(IngestResult {
                stored,
                file: "Audio/2026-02-26.md".to_owned(),
                ..Default::default()
            });
        }
        let mut details = ErrorDetails::with_error_info("INVALID_BATCH", "openclone.dev", []);
        for found in violations {
            details.add_bad_request_violation(found.field_path(), found.rule.to_string());
        }
        let metadata = limits("7");
        Err(Status::with_error_details_and_metadata(
            Code::InvalidArgument,
            "invalid batch",
            details,
            metadata,
        ))
    }
}

pub(crate) fn status(code: Code, message: &str, reason: &str) -> Status {
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_error_info(reason, "openclone.dev", []),
    )
}

pub(crate) fn limited() -> Status {
    let mut details = ErrorDetails::with_error_info("RATE_LIMITED", "openclone.dev", []);
    details.set_retry_info(Some(Duration::from_millis(2_500)));
    details.add_quota_failure_violation("key", "Rate limit exceeded: 60 per 1 minute");
    Status::with_error_details_and_metadata(Code::ResourceExhausted, "slow down", details, limits("0"))
}

fn limits(remaining: &str) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    for (name, value) in [("limit", "60"), ("remaining", remaining), ("reset", "1800000000")] {
        let key = format!("x-ratelimit-{name}")
            .parse::<tonic::metadata::MetadataKey<_>>()
            .unwrap();
        metadata.insert(key, value.parse().unwrap());
    }
    metadata
}

fn plugin() -> Plugin {
    Plugin {
        id: "my-plugin".to_owned(),
        name: "My Plugin".to_owned(),
        version: "1.0.0".to_owned(),
        platforms: vec![1],
        source_types: vec![1, 2],
        sensitivity: 3,
        manifest_json: r#"{"id":"my-plugin","x-own":[1,2.50]}"#.to_owned(),
        consent_required: true,
        installed: true,
        ..Default::default()
    }
}

/// The service as a router that answers gRPC.
pub(crate) fn service(fake: Fake) -> Router {
    Router::new()
        .route("/openclone.v1.AccessService/GetAccess", post(get_access))
        .route("/openclone.v1.IngestService/IngestBatch", post(ingest_batch))
        .route("/openclone.v1.RegistryService/ListPlugins", post(list_plugins))
        .route("/openclone.v1.RegistryService/GetPlugin", post(get_plugin))
        .route(
            "/openclone.v1.RegistryService/ListSourceTypes",
            post(list_source_types),
        )
        .with_state(fake)
}

async fn unary<Q, A>(
    request: Request<Body>,
    answer: impl FnOnce(tonic::Request<Q>) -> Result<(A, MetadataMap), Status> + Clone + Send,
) -> Response<tonic::body::Body>
where
    Q: Message + Default + 'static,
    A: Message + Default + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer.clone()(request);
        async move {
            let (message, metadata) = answer?;
            Ok::<_, Status>(tonic::Response::from_parts(metadata, message, Default::default()))
        }
    });
    tonic::server::Grpc::new(ProstCodec::<A, Q>::default())
        .unary(service, request)
        .await
}

type Call = Request<Body>;
type Answer = Response<tonic::body::Body>;

async fn get_access(State(fake): State<Fake>, call: Call) -> Answer {
    unary(call, move |request: tonic::Request<GetAccessRequest>| {
        fake.admit("GetAccess", &request)?;
        Ok((GetAccessResponse::default(), MetadataMap::new()))
    })
    .await
}

async fn ingest_batch(State(fake): State<Fake>, call: Call) -> Answer {
    unary(call, move |request| {
        Ok((
            IngestBatchResponse {
                result: Some(fake.ingest(request)?),
            },
            limits("59"),
        ))
    })
    .await
}

async fn list_plugins(State(fake): State<Fake>, call: Call) -> Answer {
    unary(call, move |request: tonic::Request<ListPluginsRequest>| {
        fake.admit("ListPlugins", &request)?;
        let wanted = request.get_ref().platform();
        let plugins = [plugin()]
            .into_iter()
            .filter(|plugin| wanted as i32 == 0 || plugin.platforms().any(|p| p == wanted));
        let fault = openclone_client::v1::ManifestFault {
            path: "id".to_owned(),
            reason: "must be set".to_owned(),
        };
        let rejected = RejectedManifest {
            path: "bad/plugin.json".to_owned(),
            faults: vec![fault],
        };
        Ok((
            ListPluginsResponse {
                plugins: plugins.collect(),
                rejected: vec![rejected],
            },
            MetadataMap::new(),
        ))
    })
    .await
}

async fn get_plugin(State(fake): State<Fake>, call: Call) -> Answer {
    unary(call, move |request: tonic::Request<GetPluginRequest>| {
        fake.admit("GetPlugin", &request)?;
        match request.get_ref().id.as_str() {
            "my-plugin" => Ok((
                GetPluginResponse {
                    plugin: Some(plugin()),
                },
                MetadataMap::new(),
            )),
            _ => Err(status(Code::NotFound, "no such plugin", "UNKNOWN_PLUGIN")),
        }
    })
    .await
}

async fn list_source_types(State(fake): State<Fake>, call: Call) -> Answer {
    unary(call, move |request: tonic::Request<ListSourceTypesRequest>| {
        fake.admit("ListSourceTypes", &request)?;
        let gps = SourceTypeInfo {
            source_type: 10,
            name: "gps".to_owned(),
            folder: "Location".to_owned(),
            sensitivity: 2,
            typical_fields: vec!["lat".to_owned(), "lon".to_owned()],
        };
        Ok((
            ListSourceTypesResponse {
                source_types: vec![gps],
            },
            MetadataMap::new(),
        ))
    })
    .await
}

/// The gateway over the service in the same process.
pub(crate) fn local(fake: &Fake) -> Router {
    router(
        Transport::from_routes(service(fake.clone())),
        GatewayOptions::default(),
    )
}

/// The gateway over the service behind a socket.
pub(crate) async fn remote(fake: &Fake) -> Router {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, service(fake.clone())).into_future());
    let channel = Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy();
    router(Transport::from_channel(channel), GatewayOptions::default())
}

/// A POST to the ingest endpoint with a good key.
pub(crate) fn post_json(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/api/v1/ingest").header("x-api-key", KEY);
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// Sends a request and reads the answer.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> (u16, HeaderMap, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (
        head.status.as_u16(),
        head.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}
