#![allow(clippy::unwrap_used)]

use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic_types::ErrorDetails;

use super::*;

/// Status line, relevant headers, and body of the response to a status of the service.
async fn rendered(code: Code, message: &str, details: ErrorDetails) -> String {
    let mut metadata = MetadataMap::new();
    metadata.insert("x-ratelimit-remaining", "0".parse().unwrap());
    metadata.insert("x-internal", "hidden".parse().unwrap());
    let status = Status::with_error_details_and_metadata(code, message, details, metadata);
    show(HttpError::from(status)).await
}

async fn show(error: HttpError) -> String {
    let response = error.into_response();
    let mut lines = vec![response.status().to_string()];
    lines.extend(
        response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())),
    );
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    lines.push(String::from_utf8(body.to_vec()).unwrap());
    lines.retain(|line| !line.starts_with("cache-control") && !line.starts_with("x-content-type"));
    lines.join("\n")
}

fn because(reason: &str) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, "openclone.dev", [])
}

#[tokio::test]
async fn statuses_become_the_documented_responses() {
    let mut limited = because("RATE_LIMITED");
    limited.set_retry_info(Some(Duration::from_millis(1_200)));
    limited.add_quota_failure_violation("key", "Rate limit exceeded: 60 per 1 minute");
    let mut draining = because("DRAINING");
    draining.set_retry_info(Some(Duration::from_secs(5)));
    let all = [
        rendered(Code::Unauthenticated, "no key", because("INVALID_API_KEY")).await,
        rendered(
            Code::PermissionDenied,
            "the key lacks the scope ingest",
            because("SCOPE"),
        )
        .await,
        rendered(Code::InvalidArgument, "too deep", because("DATA_TOO_DEEP")).await,
        rendered(Code::ResourceExhausted, "slow down", limited).await,
        rendered(Code::Unavailable, "disk full", because("STORAGE_FAILED")).await,
        rendered(Code::Unavailable, "draining", draining).await,
        rendered(Code::NotFound, "no plugin", because("NOT_FOUND")).await,
        rendered(Code::Internal, "a secret detail", ErrorDetails::new()).await,
        rendered(Code::DataLoss, "a secret detail", ErrorDetails::new()).await,
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[tokio::test]
async fn errors_of_the_gateway_have_their_responses() {
    let mut all = Vec::new();
    for error in [
        HttpError::Unparsable,
        HttpError::BodyTimeout,
        HttpError::TooLarge { limit: 1_048_576 },
        HttpError::UnsupportedEncoding,
        HttpError::NotFound,
        HttpError::MethodNotAllowed,
    ] {
        all.push(show(error).await);
    }
    insta::assert_snapshot!(all.join("\n\n"));
}
