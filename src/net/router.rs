//! Routes requests: gRPC and gRPC-Web by content type, everything else by path.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, header};
use http_body::Frame;
use http_body_util::BodyExt as _;
use openclone_gateway::Endpoint;
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, Service as _};

use crate::error::explain_headers;

/// Routes the requests of one port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServiceRouter {
    json: Endpoint,
    http: axum::Router,
    grpc: Option<GrpcWebService<Routes>>,
}

impl ServiceRouter {
    /// `json` and `others` serve HTTP; without `grpc`, gRPC requests are routed by path like all others.
    pub fn new(json: Endpoint, others: axum::Router, grpc: Option<Routes>) -> Self {
        Self {
            http: json.router().merge(others),
            json,
            grpc: grpc.map(|routes| GrpcWebLayer::new().layer(routes.prepare())),
        }
    }

    /// Responds to `request`.
    pub(super) fn respond(&self, request: Request<Body>) -> BoxFuture<'static, Response<Body>> {
        match &self.grpc {
            Some(grpc) if is_grpc(request.headers()) => Box::pin(call(grpc.clone(), request)),
            // the most frequent request skips the router
            _ if Endpoint::is_ingest(&request) => Box::pin(self.json.ingest(request)),
            _ => {
                let mut http = self.http.clone();
                Box::pin(async move {
                    let Ok(response) = http.call(request).await;
                    response
                })
            }
        }
    }
}

async fn call(mut grpc: GrpcWebService<Routes>, request: Request<Body>) -> Response<Body> {
    let result = match ready(&mut grpc).await {
        Ok(grpc) => grpc.call(request).await,
        Err(error) => Err(error),
    };
    let Ok(mut response) = result;
    explain_headers(response.headers_mut());
    // a stream that fails after its first message has its status in the trailers
    let explain_trailers = |frame: Frame<Bytes>| match frame.into_trailers() {
        Ok(mut trailers) => {
            explain_headers(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    };
    response.map(|body| Body::new(body.map_frame(explain_trailers)))
}

async fn ready(grpc: &mut GrpcWebService<Routes>) -> Result<&mut GrpcWebService<Routes>, Infallible> {
    tower::ServiceExt::<Request<Body>>::ready(grpc).await
}

pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// Whether the request is native gRPC, whose status is in a header; gRPC-Web clients also see the HTTP status.
pub(super) fn is_native_grpc(headers: &HeaderMap) -> bool {
    let is_web = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/grpc-web");
    is_grpc(headers) && !headers.get(header::CONTENT_TYPE).is_some_and(is_web)
}
