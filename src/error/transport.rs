//! Errors that tonic makes itself, such as an unknown method or a message that cannot be decoded: explained like those of the
//! service, with `ErrorInfo`.

use std::{collections::HashMap, error::Error as _};

use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::DOMAIN;

/// The reason of a message that cannot be decoded.
pub(super) const UNDECODABLE: &str = "UNDECODABLE";

/// Explains the status in the headers of a response, if it is an error without details.
pub(crate) fn explain_headers(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    if status.code() == Code::Ok || !status.details().is_empty() {
        return;
    }
    let explained = explain(status);
    let mut explained_headers = HeaderMap::new();
    if explained.add_header(&mut explained_headers).is_ok() {
        for (name, value) in explained_headers {
            if let Some(name) = name {
                headers.insert(name, value);
            }
        }
    }
}

/// Adds `ErrorInfo` to a status of tonic. A message that cannot be decoded is INVALID_ARGUMENT.
pub(crate) fn explain(status: Status) -> Status {
    // an error of the connection has a source; nobody receives its status
    if !status.details().is_empty() || status.source().is_some() {
        return status;
    }
    let (code, reason) = match status.code() {
        Code::Internal => (Code::InvalidArgument, UNDECODABLE),
        Code::InvalidArgument => (Code::InvalidArgument, UNDECODABLE),
        Code::OutOfRange => (Code::OutOfRange, "MESSAGE_TOO_LARGE"),
        Code::Unimplemented => (Code::Unimplemented, "UNIMPLEMENTED"),
        Code::NotFound => (Code::NotFound, "NOT_FOUND"),
        Code::DeadlineExceeded => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        Code::Cancelled => (Code::Cancelled, "CANCELLED"),
        Code::Unavailable => (Code::Unavailable, "UNAVAILABLE"),
        other => (other, "UNKNOWN"),
    };
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    let metadata = status.metadata().clone();
    Status::with_error_details_and_metadata(code, status.message(), details, metadata)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn explained(status: &Status) -> Status {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        explain_headers(&mut headers);
        Status::from_header_map(&headers).unwrap()
    }

    #[test]
    fn errors_of_tonic_are_explained() {
        for (status, code, reason) in [
            (
                Status::internal("failed to decode"),
                Code::InvalidArgument,
                "UNDECODABLE",
            ),
            (Status::unimplemented(""), Code::Unimplemented, "UNIMPLEMENTED"),
            (
                Status::out_of_range("too large"),
                Code::OutOfRange,
                "MESSAGE_TOO_LARGE",
            ),
        ] {
            let explained = explained(&status);
            assert_eq!((explained.code(), explained.message()), (code, status.message()));
            let info = explained.get_details_error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, DOMAIN));
        }
    }

    #[test]
    fn explained_errors_and_successes_are_unchanged() {
        let details = ErrorDetails::with_error_info("BUG", DOMAIN, HashMap::new());
        let own = explained(&Status::with_error_details(Code::Internal, "bug", details));
        assert_eq!(own.code(), Code::Internal);
        assert_eq!(own.get_details_error_info().unwrap().reason, "BUG");
        let mut success = HeaderMap::new();
        success.insert("grpc-status", "0".parse().unwrap());
        explain_headers(&mut success);
        assert_eq!(success.len(), 1);
    }
}
