//! What is served where, and in which order things happen.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    body::Body,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    Endpoint, GatewayOptions, Refusal, Transport,
    access::Caller,
    answer,
    batch::{self, Decoded, Unreadable},
    body, docs,
    fault::{self, Fault, Kind},
    openapi,
    registry::{self, PluginList, PluginView, SourceTypeList},
    rejection::Rejection,
    upstream::Upstream,
};

/// Where batches go.
pub(crate) const INGEST: &str = "/api/v1/ingest";

/// Serves the documented JSON endpoint over `transport`: [`Endpoint::router`].
pub fn router(transport: Transport, options: GatewayOptions) -> Router {
    Endpoint::new(transport, options).router()
}

/// All routes of `gateway`.
pub(crate) fn all(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route(INGEST, post(ingest))
        .route("/api/v1/plugins", get(list_plugins))
        .route("/api/v1/plugins/{id}", get(get_plugin))
        .route("/api/v1/source-types", get(list_source_types))
        .with_state(gateway)
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(docs::page))
        .route("/docs/style.css", get(docs::style))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
}

/// The answer to a path that is not served.
pub async fn not_found() -> Response {
    Rejection::NotFound.into_response()
}

/// The answer to a method that a path does not serve; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    Rejection::MethodNotAllowed.into_response()
}

/// What all requests share.
pub(crate) struct Gateway {
    upstream: Upstream,
    options: GatewayOptions,
}

type Shared = State<Arc<Gateway>>;

/// Takes the batch of a request. No `async fn`, which would have room for the request and for its parts.
pub(crate) fn ingest(
    State(gateway): Shared,
    request: Request,
) -> impl Future<Output = Result<Response, Rejection>> + Send + use<> {
    let (Parts { headers, .. }, body) = request.into_parts();
    async move { gateway.ingest(&headers, body).await }
}

async fn list_plugins(
    State(gateway): Shared,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, Rejection> {
    let caller = Caller::new(&headers);
    gateway.upstream.check_access(&caller).await?;
    let Query(pairs) = query.unwrap_or_default();
    let filter = registry::filter(pairs).map_err(|bad| {
        let redact = gateway.options.redact.as_ref();
        Rejection::invalid(fault::render_query(bad.name, bad.kind, &bad.value, redact))
    })?;
    let list = gateway.upstream.list_plugins(&caller, filter).await?.into_inner();
    Ok(answer::json_of(&PluginList::from(list)))
}

async fn get_plugin(
    State(gateway): Shared,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let Path(id) = id.map_err(|_| Rejection::NotFound)?;
    let response = gateway.upstream.get_plugin(&Caller::new(&headers), id).await?;
    let plugin = response.into_inner().plugin.ok_or(Rejection::NotFound)?;
    Ok(answer::json_of(&PluginView::from(plugin)))
}

async fn list_source_types(State(gateway): Shared, headers: HeaderMap) -> Result<Response, Rejection> {
    let list = gateway
        .upstream
        .list_source_types(&Caller::new(&headers))
        .await?
        .into_inner();
    Ok(answer::json_of(&SourceTypeList::from(list)))
}

impl Gateway {
    pub(crate) fn new(transport: Transport, options: GatewayOptions) -> Self {
        let upstream = Upstream::new(transport, &options);
        Self { upstream, options }
    }

    async fn ingest(&self, headers: &HeaderMap, body: Body) -> Result<Response, Rejection> {
        let caller = Caller::new(headers);
        let admitted = match self.upstream.check_access(&caller).await {
            Ok(admitted) => admitted,
            Err(status) => {
                body::drain(headers, body);
                return Err(status.into());
            }
        };
        let bytes = body::read(headers, body, &self.options)
            .await
            .inspect_err(|rejection| self.unread(rejection))?;
        let read = self
            .json_text(headers, &bytes)
            .and_then(|text| Ok((text, self.decode(text)?)));
        let (text, decoded) = read.inspect_err(|rejection| self.unread(rejection))?;
        self.note_unsent(&decoded);
        if !decoded.faults.is_empty() {
            return Err(self.invalid(
                text,
                fault::of_batch(decoded, SystemTime::now()),
                HeaderMap::new(),
            ));
        }
        match self.upstream.ingest_batch(&caller, admitted, decoded.batch).await {
            Ok(response) => {
                let (metadata, message, _) = response.into_parts();
                Ok(answer::ingested(
                    &message.result.unwrap_or_default(),
                    metadata.as_ref(),
                ))
            }
            Err(status) => Err(self.explain(text, status)),
        }
    }

    fn unread(&self, rejection: &Rejection) {
        self.refused(Refusal::Unread(rejection.unread()));
    }

    /// Events that the service will not see: all of a batch with faults, else those beyond the limit, which were left
    /// out when the body was read.
    fn note_unsent(&self, decoded: &Decoded) {
        let sent = if decoded.faults.is_empty() {
            decoded.batch.events.len()
        } else {
            0
        };
        let events = decoded.event_count.saturating_sub(sent);
        if events > 0 {
            self.refused(Refusal::Faulty { events });
        }
    }

    fn refused(&self, refusal: Refusal) {
        if let Some(hear) = &self.options.on_refusal {
            hear(refusal);
        }
    }

    /// The body as the text that is to be read as JSON.
    fn json_text<'a>(&self, headers: &HeaderMap, bytes: &'a Bytes) -> Result<&'a str, Rejection> {
        if bytes.is_empty() {
            return Err(Rejection::invalid(fault::render_missing()));
        }
        if !body::is_json(headers) {
            let text = String::from_utf8_lossy(bytes);
            return Err(Rejection::invalid(fault::render_no_object(
                &text,
                self.options.redact.as_ref(),
            )));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Rejection::Unparsable)?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    fn decode(&self, text: &str) -> Result<Decoded, Rejection> {
        batch::decode(text).map_err(|unreadable| match unreadable {
            Unreadable::TooDeep => Rejection::Unparsable,
            Unreadable::Missing => Rejection::invalid(fault::render_missing()),
            Unreadable::Syntax { at, reason } => Rejection::invalid(fault::render_syntax(text, at, reason)),
            Unreadable::NotAnObject => {
                let fault = Fault {
                    path: Vec::new(),
                    kind: Kind::ModelType,
                };
                self.invalid(text, vec![fault], HeaderMap::new())
            }
        })
    }

    fn invalid(&self, text: &str, faults: Vec<Fault>, metadata: HeaderMap) -> Rejection {
        Rejection::Invalid {
            body: fault::render(&faults, text, self.options.redact.as_ref()),
            metadata,
        }
    }

    /// The service refused the batch: if that is for its faults, they are found again here, where the body is known.
    fn explain(&self, text: &str, status: Status) -> Rejection {
        let reason = status
            .get_details_error_info()
            .map(|info| info.reason)
            .unwrap_or_default();
        if status.code() != Code::InvalidArgument || reason == "DATA_TOO_DEEP" {
            return status.into();
        }
        let Ok(decoded) = batch::decode(text) else {
            return status.into();
        };
        let mut faults = fault::of_batch(decoded, SystemTime::now());
        if faults.is_empty() {
            let told = status
                .get_details_bad_request()
                .map(|told| told.field_violations)
                .unwrap_or_default();
            faults = told
                .into_iter()
                .map(|told| Fault::told(&told.field, told.description))
                .collect();
        }
        match faults.is_empty() {
            true => status.into(),
            false => self.invalid(text, faults, status.metadata().clone().into_headers()),
        }
    }
}
