//! The layer around every call that sees to its having an outcome, and the outcome its entry.
//!
//! A call runs as a task of its own. It comes to its end, and to its entry, also when the caller hangs up or its deadline
//! passes; when it panics, that is its outcome. Calls that reach no handler (an RPC there is not, or a message that is not
//! one of the RPC's) the transport answers by itself: they are refusals like any other, so they are put on record and get a
//! receipt. What the caller sent is not kept, not even the name it used.

use super::connection::Connection;
use super::desk::Desk;
use super::metrics::Metrics;
use super::status::{self, Told};
use crate::api::RECEIPT;
use crate::audit::{Call, DEADLINE};
use http::{HeaderMap, Request, Response};
use ring::rand::{SecureRandom, SystemRandom};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Puts the layer around the services.
#[derive(Clone)]
pub(super) struct OnRecord {
    pub(super) desk: Desk,
    pub(super) metrics: Metrics,
}

/// Services whose every call has its outcome on record.
#[derive(Clone)]
pub(super) struct Recorded<S> {
    inner: S,
    desk: Desk,
    metrics: Metrics,
}

/// A request that has begun: its id, and what it has become, once the desk knows who makes it. Every request carries one in
/// its extensions.
#[derive(Clone)]
pub(super) struct Begun {
    request_id: Arc<str>,
    call: Arc<OnceLock<Call>>,
}

impl Begun {
    pub(super) fn new() -> Self {
        Self { request_id: request_id().into(), call: Arc::default() }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(super) fn note(&self, call: &Call) {
        // A request becomes one call.
        let _ = self.call.set(call.clone());
    }

    /// The call, as far as it is known.
    fn call(&self, connection: Option<&Connection>) -> Call {
        self.call.get().cloned().unwrap_or_else(|| Desk::unread(connection, self.request_id()))
    }
}

fn request_id() -> String {
    let mut bytes = [0_u8; 12];
    // Without randomness the id is zeros: it only helps people find a call in the log.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<S> Layer<S> for OnRecord {
    type Service = Recorded<S>;

    fn layer(&self, inner: S) -> Recorded<S> {
        Recorded { inner, desk: self.desk.clone(), metrics: self.metrics.clone() }
    }
}

impl<S> Service<Request<Body>> for Recorded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The health check is not a service of ours and discloses nothing.
        if request.uri().path().starts_with("/grpc.health.") {
            return Box::pin(self.inner.call(request));
        }
        let connection = Connection::of(request.extensions()).cloned();
        let (begun, after) = (Begun::new(), time_left(request.headers()));
        request.extensions_mut().insert(begun.clone());
        let (answering, desk) = (self.inner.call(request), self.desk.clone());
        let (metrics, started, running) = (self.metrics.clone(), Instant::now(), self.metrics.begin());
        Box::pin(async move {
            let _running = running;
            let call = move || begun.call(connection.as_ref());
            let (of_task, at_desk) = (call.clone(), desk.clone());
            // Its panics are heard in a task, too: the caller may be gone by then.
            let finishing = tokio::spawn(async move {
                let told = match tokio::spawn(answering).await {
                    Ok(Ok(response)) => match unread(response.headers()) {
                        Some(told) => told,
                        None => return Ok(response),
                    },
                    Ok(Err(error)) => return Err(error),
                    Err(_) => failed(&of_task()),
                };
                Ok(at_desk.refuse(&of_task(), told).await.into_http())
            });
            let finished = match after {
                Some(after) => timeout(after, finishing).await,
                None => Ok(finishing.await),
            };
            let answered = match finished {
                Ok(Ok(answered)) => answered?,
                // What made the answer of a panic has panicked: nothing is known but that.
                Ok(Err(_)) => status::internal(&call().request_id).into_http(),
                Err(_) => desk.refuse(&call(), too_late()).await.into_http(),
            };
            // A refusal has its status in front, an answer behind.
            let code = Status::from_header_map(answered.headers()).map_or(Code::Ok, |status| status.code());
            metrics.answered(call().rpc, code, started.elapsed());
            Ok(answered)
        })
    }
}

/// What to tell a caller who has waited as long as it would. What becomes of the call is in another entry.
fn too_late() -> Told {
    let message = "the time that the caller gave has passed; the call comes to its end all the same";
    Told { rule: DEADLINE, status: status::status(Code::DeadlineExceeded, "DEADLINE", message) }
}

/// What to tell of a call, or a part of one, that panicked.
pub(super) fn failed(call: &Call) -> Told {
    tracing::error!(rpc = call.rpc, request_id = %call.request_id, "a call failed unexpectedly");
    Told { rule: "call.failed", status: status::internal(&call.request_id) }
}

/// How long a caller waits for the first of an answer: a little less, since the transport cuts the call when the time has
/// passed, and the refusal has to be on record first. (The gRPC protocol over HTTP/2, `Timeout`.)
fn time_left(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let n: u64 = Some(digits).filter(|_| is_number)?.parse().ok()?;
    let given = match unit {
        "H" => Duration::from_secs(n * 3_600),
        "M" => Duration::from_secs(n * 60),
        "S" => Duration::from_secs(n),
        "m" => Duration::from_millis(n),
        "u" => Duration::from_micros(n),
        "n" => Duration::from_nanos(n),
        _ => return None,
    };
    Some(given - (given / 2).min(Duration::from_millis(50)))
}

/// What to tell of an answer that is a refusal of the transport's own: one that no handler put on record.
fn unread(headers: &HeaderMap) -> Option<Told> {
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

#[cfg(test)]
mod tests;
