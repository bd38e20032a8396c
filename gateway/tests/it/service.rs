//! A service that stores nothing: it checks keys and rules as the real one does, and records its calls.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    routing::{MethodRouter, post},
};
use http::{HeaderMap, Request, Response, header};
use openclone_client::{
    v1::{
        Batch, GetAccessRequest, GetAccessResponse, GetPluginRequest, GetPluginResponse, IngestBatchRequest,
        IngestBatchResponse, IngestResult, JournalLag, ListPluginsRequest, ListPluginsResponse,
        ListSourceTypesRequest, ListSourceTypesResponse, ListTenantsRequest, ListTenantsResponse, Plugin,
        RejectedManifest, SourceTypeInfo, Tenant,
    },
    validate,
};
use openclone_gateway::{Backend, Endpoint, GatewayOptions, RemoteBackend};
use prost::Message;
use tonic::{Code, Status, metadata::MetadataMap, transport::Channel};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};
use tower::{ServiceExt, service_fn};

pub(crate) const KEY: &str = "oc_good";

/// The calls to the service, and its next response.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) calls: Vec<&'static str>,
    pub(crate) batches: Vec<IngestBatchRequest>,
    pub(crate) metadata: Vec<HeaderMap>,
    /// The response to the next batch, if not the usual one.
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
        if request.get_ref().batch.is_none() {
            self.admit("CountRejected", &request)?;
            let details = ErrorDetails::with_error_info("INVALID_BATCH", "openclone.dev", []);
            let text = "batch: Field required";
            let code = Code::InvalidArgument;
            return Err(Status::with_error_details_and_metadata(
                code,
                text,
                details,
                limits("58"),
            ));
        }
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
        let mut listed = Vec::new();
        for found in violations {
            listed.push(FieldViolation {
                field: found.field_path(),
                description: found.rule.to_string(),
                reason: found.rule.reason().to_owned(),
                localized_message: None,
            });
        }
        details.set_bad_request(listed);
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

/// The methods of the service, as both backends call them.
impl Fake {
    fn get_access(&self, request: &tonic::Request<GetAccessRequest>) -> Result<GetAccessResponse, Status> {
        self.admit("GetAccess", request)?;
        Ok(GetAccessResponse::default())
    }

    fn list_plugins(
        &self,
        request: &tonic::Request<ListPluginsRequest>,
    ) -> Result<ListPluginsResponse, Status> {
        self.admit("ListPlugins", request)?;
        let wanted = request.get_ref().platform();
        let plugins = [plugin()]
            .into_iter()
            .filter(|plugin| wanted as i32 == 0 || plugin.platforms().any(|p| p == wanted));
        let error = openclone_client::v1::ManifestFault {
            path: "id".to_owned(),
            reason: "must be set".to_owned(),
        };
        let rejected = RejectedManifest {
            path: "bad/plugin.json".to_owned(),
            faults: vec![error],
        };
        Ok(ListPluginsResponse {
            plugins: plugins.collect(),
            rejected: vec![rejected],
        })
    }

    fn get_plugin(&self, request: &tonic::Request<GetPluginRequest>) -> Result<GetPluginResponse, Status> {
        self.admit("GetPlugin", request)?;
        match request.get_ref().id.as_str() {
            "my-plugin" => Ok(GetPluginResponse {
                plugin: Some(plugin()),
            }),
            _ => Err(status(Code::NotFound, "no such plugin", "UNKNOWN_PLUGIN")),
        }
    }

    fn list_source_types(
        &self,
        request: &tonic::Request<ListSourceTypesRequest>,
    ) -> Result<ListSourceTypesResponse, Status> {
        self.admit("ListSourceTypes", request)?;
        let gps = SourceTypeInfo {
            source_type: 10,
            name: "gps".to_owned(),
            folder: "Location".to_owned(),
            sensitivity: 2,
            typical_fields: vec!["lat".to_owned(), "lon".to_owned()],
        };
        Ok(ListSourceTypesResponse {
            source_types: vec![gps],
        })
    }

    fn list_tenants(
        &self,
        request: &tonic::Request<ListTenantsRequest>,
    ) -> Result<ListTenantsResponse, Status> {
        self.admit("ListTenants", request)?;
        let seen = Tenant {
            id: "ana".to_owned(),
            vault: "/vaults/ana".to_owned(),
            stored: u64::MAX,
            duplicate: 2,
            rejected: 3,
            files: 4,
            bytes: 5,
            last_seen: Some(prost_types::Timestamp {
                seconds: 1_708_258_800,
                nanos: 123_456_000,
            }),
            journal: Some(JournalLag {
                bytes: 6,
                waiting: 7,
                seconds: 0.5,
            }),
            limits: Some(openclone_client::v1::TenantLimits {
                requests_per_minute: 120,
                events_per_second: 0,
            }),
        };
        let unseen = Tenant {
            id: "ben".to_owned(),
            ..Tenant::default()
        };
        Ok(ListTenantsResponse {
            tenants: vec![seen, unseen],
        })
    }
}

/// The service in the same process.
impl Backend for Fake {
    type Caller = HeaderMap;

    async fn authenticate(&self, headers: &HeaderMap) -> Result<HeaderMap, Status> {
        let names = ["x-api-key", "x-request-id", "x-openclone-peer"];
        let mut forwarded = HeaderMap::new();
        for name in names {
            forwarded.extend(
                headers
                    .get(name)
                    .map(|value| (http::HeaderName::from_static(name), value.clone())),
            );
        }
        self.get_access(&request(&forwarded, GetAccessRequest {}))?;
        Ok(forwarded)
    }

    async fn ingest(&self, caller: HeaderMap, batch: Batch) -> Result<tonic::Response<IngestResult>, Status> {
        let message = IngestBatchRequest { batch: Some(batch) };
        let result = self.ingest(request(&caller, message))?;
        Ok(tonic::Response::from_parts(
            limits("59"),
            result,
            Default::default(),
        ))
    }

    async fn count_rejected(&self, caller: HeaderMap) -> Result<HeaderMap, Status> {
        let message = IngestBatchRequest { batch: None };
        match self.ingest(request(&caller, message)) {
            Err(status) if status.code() == Code::ResourceExhausted => Err(status),
            _ => Ok(limits("58").into_headers()),
        }
    }

    async fn list_plugins(
        &self,
        caller: HeaderMap,
        filter: ListPluginsRequest,
    ) -> Result<ListPluginsResponse, Status> {
        self.list_plugins(&request(&caller, filter))
    }

    async fn get_plugin(&self, caller: HeaderMap, id: String) -> Result<Option<Plugin>, Status> {
        let response = self.get_plugin(&request(&caller, GetPluginRequest { id }))?;
        Ok(response.plugin)
    }

    async fn list_source_types(&self, caller: HeaderMap) -> Result<ListSourceTypesResponse, Status> {
        self.list_source_types(&request(&caller, ListSourceTypesRequest {}))
    }

    async fn list_tenants(&self, caller: HeaderMap) -> Result<ListTenantsResponse, Status> {
        self.list_tenants(&request(&caller, ListTenantsRequest {}))
    }
}

fn request<T>(headers: &HeaderMap, message: T) -> tonic::Request<T> {
    let metadata = MetadataMap::from_headers(headers.clone());
    tonic::Request::from_parts(metadata, Default::default(), message)
}

/// The service as a router that speaks gRPC.
fn grpc_service(fake: Fake) -> Router {
    Router::new()
        .route(
            "/openclone.v1.AccessService/GetAccess",
            method(&fake, Fake::get_access),
        )
        .route("/openclone.v1.IngestService/IngestBatch", post(ingest_batch))
        .route(
            "/openclone.v1.RegistryService/ListPlugins",
            method(&fake, Fake::list_plugins),
        )
        .route(
            "/openclone.v1.RegistryService/GetPlugin",
            method(&fake, Fake::get_plugin),
        )
        .route(
            "/openclone.v1.RegistryService/ListSourceTypes",
            method(&fake, Fake::list_source_types),
        )
        .route(
            "/openclone.v1.TenantService/ListTenants",
            method(&fake, Fake::list_tenants),
        )
        .with_state(fake)
}

type Call<Q, A> = fn(&Fake, &tonic::Request<Q>) -> Result<A, Status>;

fn method<Q, A>(fake: &Fake, call: Call<Q, A>) -> MethodRouter<Fake>
where
    Q: Message + Default + 'static,
    A: Message + Default + Send + 'static,
{
    let fake = fake.clone();
    post(move |http: Request<Body>| {
        let fake = fake.clone();
        unary(http, move |request: tonic::Request<Q>| {
            Ok((call(&fake, &request)?, MetadataMap::new()))
        })
    })
}

async fn unary<Q, A>(
    request: Request<Body>,
    respond: impl FnOnce(tonic::Request<Q>) -> Result<(A, MetadataMap), Status> + Clone + Send,
) -> Response<tonic::body::Body>
where
    Q: Message + Default + 'static,
    A: Message + Default + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = respond.clone()(request);
        async move {
            let (message, metadata) = response?;
            Ok::<_, Status>(tonic::Response::from_parts(metadata, message, Default::default()))
        }
    });
    tonic::server::Grpc::new(ProstCodec::<A, Q>::default())
        .unary(service, request)
        .await
}

async fn ingest_batch(State(fake): State<Fake>, http: Request<Body>) -> Response<tonic::body::Body> {
    unary(http, move |request| {
        let result = Some(fake.ingest(request)?);
        Ok((IngestBatchResponse { result }, limits("59")))
    })
    .await
}

/// The gateway over the service in the same process.
pub(crate) fn local(fake: &Fake) -> Router {
    Endpoint::new(fake.clone(), GatewayOptions::default()).router()
}

/// The gateway over the service behind a socket.
pub(crate) async fn remote(fake: &Fake) -> Router {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, grpc_service(fake.clone())).into_future());
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    let channel = RemoteBackend::configure(endpoint).connect_lazy();
    let backend = RemoteBackend::new(channel, Duration::from_secs(30), Duration::from_secs(10));
    Endpoint::new(backend, GatewayOptions::default()).router()
}

/// A POST to the ingest endpoint with a good key.
pub(crate) fn post_json(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/api/v1/ingest").header("x-api-key", KEY);
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap()
}

/// Sends a request and reads the response.
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
