//! `POST /api/v1/ingest`: authenticate, read the body, decode it, ingest the batch, respond.

use std::{sync::Arc, time::SystemTime};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Request, request::Parts};
use openclone_core::validate::{Rule, Violation};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::Gateway;
use crate::{
    Backend, Rejection,
    batch::{self, DecodeError, DecodedBatch},
    body,
    http_error::HttpError,
    response, validation_error,
};

/// Ingests the batch of a request. Not an `async fn`, which would keep both the request and its parts in the future.
pub(crate) fn ingest<B: Backend>(
    gateway: Arc<Gateway<B>>,
    request: Request<Body>,
) -> impl Future<Output = Response> + Send {
    let (Parts { headers, .. }, body) = request.into_parts();
    async move {
        gateway
            .ingest(&headers, body)
            .await
            .unwrap_or_else(IntoResponse::into_response)
    }
}

impl<B: Backend> Gateway<B> {
    async fn ingest(&self, headers: &HeaderMap, body: Body) -> Result<Response, HttpError> {
        let caller = match self.backend.authenticate(headers).await {
            Ok(caller) => caller,
            Err(status) => {
                body::drain(headers, body);
                return Err(status.into());
            }
        };
        let bytes = body::read(headers, body, &self.options)
            .await
            .inspect_err(|error| self.undecodable(error))?;
        let decoded = self
            .json_text(headers, &bytes)
            .and_then(|text| Ok((text, self.decode(text)?)))
            .inspect_err(|error| self.undecodable(error));
        let (text, decoded) = match decoded {
            Ok(decoded) => decoded,
            Err(error) => return Err(self.counted(caller, error).await),
        };
        self.count_unsent(&decoded);
        if !decoded.violations.is_empty() {
            let violations = validation_error::of_batch(decoded, SystemTime::now());
            let error = self.invalid(text, &violations, HeaderMap::new());
            return Err(self.counted(caller, error).await);
        }
        let event_count = decoded.event_count;
        match self.backend.ingest(caller, decoded.batch).await {
            Ok(response) => {
                let (metadata, result, _) = response.into_parts();
                Ok(response::ingested(&result, metadata.as_ref()))
            }
            Err(status) => Err(self.rejected(text, event_count, status)),
        }
    }

    /// The service rejected the batch. If it lists violations, they are described as clients of the JSON endpoint expect.
    fn rejected(&self, text: &str, event_count: usize, status: Status) -> HttpError {
        if status.code() != Code::InvalidArgument {
            return status.into();
        }
        let listed = status.get_details_bad_request();
        let mut violations: Vec<Violation> = listed
            .iter()
            .flat_map(|listed| &listed.field_violations)
            .map(|listed| Violation::from_description(&listed.field, &listed.reason, &listed.description))
            .collect();
        if violations.is_empty() || violations.iter().any(|found| found.rule == Rule::TooDeep) {
            return status.into();
        }
        batch::set_event_count(&mut violations, event_count);
        self.invalid(text, &violations, status.metadata().clone().into_headers())
    }

    /// Counts a request that the service does not see against the limits of its key, and adds them to the response. A
    /// request beyond them gets the error of the limit.
    async fn counted(&self, caller: B::Caller, error: HttpError) -> HttpError {
        match (self.backend.count_rejected(caller).await, error) {
            (Err(limited), _) => limited.into(),
            (Ok(metadata), HttpError::Invalid { body, .. }) => HttpError::Invalid { body, metadata },
            (Ok(_), error) => error,
        }
    }

    fn undecodable(&self, error: &HttpError) {
        self.count(Rejection::Undecodable(error.undecodable()));
    }

    /// Counts events that the service will not see: all of a batch that is not sent, else those beyond the limit, which
    /// were left out when the body was decoded.
    fn count_unsent(&self, decoded: &DecodedBatch) {
        let sent = match decoded.violations.is_empty() {
            true => decoded.batch.events.len(),
            false => 0,
        };
        let events = decoded.event_count.saturating_sub(sent);
        if events > 0 {
            self.count(Rejection::Invalid { events });
        }
    }

    fn count(&self, rejection: Rejection) {
        if let Some(on_rejection) = &self.options.on_rejection {
            on_rejection(rejection);
        }
    }

    /// The body as text, if it is to be read as JSON.
    fn json_text<'a>(&self, headers: &HeaderMap, bytes: &'a Bytes) -> Result<&'a str, HttpError> {
        if bytes.is_empty() {
            return Err(HttpError::invalid(validation_error::render_missing()));
        }
        if !body::is_json(headers) {
            let text = String::from_utf8_lossy(bytes);
            let redact = self.options.redact.as_ref();
            return Err(HttpError::invalid(validation_error::render_not_an_object(
                &text, redact,
            )));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| HttpError::Unparsable)?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    fn decode(&self, text: &str) -> Result<DecodedBatch, HttpError> {
        batch::decode(text).map_err(|error| match error {
            DecodeError::TooDeep => HttpError::Unparsable,
            DecodeError::Missing => HttpError::invalid(validation_error::render_missing()),
            DecodeError::Syntax { offset, reason } => {
                HttpError::invalid(validation_error::render_syntax(text, offset, reason))
            }
            DecodeError::NotAnObject => {
                let violation = Violation {
                    path: Vec::new(),
                    rule: Rule::ModelType,
                };
                self.invalid(text, &[violation], HeaderMap::new())
            }
        })
    }

    fn invalid(&self, text: &str, violations: &[Violation], metadata: HeaderMap) -> HttpError {
        HttpError::Invalid {
            body: validation_error::render(violations, text, self.options.redact.as_ref()),
            metadata,
        }
    }
}
