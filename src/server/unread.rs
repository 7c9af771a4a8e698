//! Calls that never reach a handler: an RPC there is not, or a message that is not one of the RPC's.
//!
//! The transport answers those by itself. They are refusals like any other: this layer puts them on record
//! and gives them a receipt. What the caller sent is not kept, not even the name it used.

use super::connection::Connection;
use super::desk::Desk;
use super::status::{self, Told};
use crate::api::RECEIPT;
use http::{Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Puts the layer around the services.
#[derive(Clone)]
pub(super) struct OnRecord {
    pub(super) desk: Desk,
}

/// Services whose every refusal is on record.
#[derive(Clone)]
pub(super) struct Recorded<S> {
    inner: S,
    desk: Desk,
}

impl<S> Layer<S> for OnRecord {
    type Service = Recorded<S>;

    fn layer(&self, inner: S) -> Recorded<S> {
        Recorded { inner, desk: self.desk.clone() }
    }
}

impl<S> Service<Request<Body>> for Recorded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The health check is not a service of ours and discloses nothing.
        let ours = !request.uri().path().starts_with("/grpc.health.");
        let connection = Connection::of(request.extensions()).cloned();
        let (answering, desk) = (self.inner.call(request), self.desk.clone());
        Box::pin(async move {
            let response = answering.await?;
            match unread(response.headers()).filter(|_| ours) {
                Some(told) => {
                    let call = Desk::unread(connection.as_ref());
                    Ok(desk.refuse(&call, told).await.into_http())
                }
                None => Ok(response),
            }
        })
    }
}

/// What to tell of an answer that is a refusal of the transport's own: one that no handler put on record.
fn unread(headers: &http::HeaderMap) -> Option<Told> {
    let status = Status::from_header_map(headers)?;
    // Statuses of our own making have details, those of the transport have none.
    if headers.contains_key(RECEIPT) || !status.details().is_empty() {
        return None;
    }
    match status.code() {
        Code::Unimplemented => Some(Told {
            rule: "call.unknown",
            status: status::status(Code::Unimplemented, "UNKNOWN_CALL", "there is no such call"),
        }),
        // The transport's words for a message that is cut, too long, compressed or not of the right kind.
        Code::Internal | Code::InvalidArgument | Code::OutOfRange | Code::Unknown => Some(Told {
            rule: "call.malformed",
            status: status::status(
                Code::InvalidArgument,
                "MALFORMED",
                "the message can not be read as one of this call",
            ),
        }),
        _ => None,
    }
}
