//! What answers on the port: gRPC and gRPC-Web by their content type, everything else by path.

use std::convert::Infallible;

use axum::body::Body;
use http::{HeaderMap, Request, Response, header};
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer as _, Service as _};

/// What answers on the port. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Surface {
    http: axum::Router,
    grpc: Option<GrpcWebService<Routes>>,
}

impl Surface {
    /// `grpc` is none where only JSON is spoken.
    pub fn new(http: axum::Router, grpc: Option<Routes>) -> Self {
        Self {
            http,
            grpc: grpc.map(|routes| GrpcWebLayer::new().layer(routes.prepare())),
        }
    }

    /// Answers `request`.
    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        match &self.grpc {
            Some(grpc) if is_grpc(request.headers()) => {
                let mut grpc = grpc.clone();
                let answered = match ready(&mut grpc).await {
                    Ok(grpc) => grpc.call(request).await,
                    Err(error) => Err(error),
                };
                match answered {
                    Ok(response) => response.map(Body::new),
                }
            }
            _ => {
                let Ok(response) = self.http.clone().call(request).await;
                response
            }
        }
    }
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
