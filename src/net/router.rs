//! What answers on the port: gRPC and gRPC-Web by their content type, everything else by path.

use std::convert::Infallible;

use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, header};
use openclone_gateway::Endpoint;
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, Service as _};

/// What answers on the port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Surface {
    json: Endpoint,
    http: axum::Router,
    grpc: Option<GrpcWebService<Routes>>,
}

impl Surface {
    /// `json` and `others` speak HTTP; `grpc` is none where nothing else is spoken.
    pub fn new(json: Endpoint, others: axum::Router, grpc: Option<Routes>) -> Self {
        Self {
            http: json.router().merge(others),
            json,
            grpc: grpc.map(|routes| GrpcWebLayer::new().layer(routes.prepare())),
        }
    }

    /// Answers `request`.
    pub(super) fn answer(&self, request: Request<Body>) -> BoxFuture<'static, Response<Body>> {
        match &self.grpc {
            Some(grpc) if is_grpc(request.headers()) => Box::pin(call(grpc.clone(), request)),
            // what comes most often is not looked for in the router
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
    let answered = match ready(&mut grpc).await {
        Ok(grpc) => grpc.call(request).await,
        Err(error) => Err(error),
    };
    let Ok(response) = answered;
    response.map(Body::new)
}

async fn ready(grpc: &mut GrpcWebService<Routes>) -> Result<&mut GrpcWebService<Routes>, Infallible> {
    tower::ServiceExt::<Request<Body>>::ready(grpc).await
}

pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// Whether the caller speaks gRPC itself: it looks for its status in a header, where gRPC-Web sees that of HTTP as well.
pub(super) fn is_native_grpc(headers: &HeaderMap) -> bool {
    let is_web = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/grpc-web");
    is_grpc(headers) && !headers.get(header::CONTENT_TYPE).is_some_and(is_web)
}
