//! The layer around every call that sees to its having an outcome, and the outcome its entry.
//!
//! A call runs as a task of its own. It comes to its end, and to its entry, also when the caller hangs up or its deadline
//! passes; when it panics, that is its outcome. Calls that reach no handler (an RPC there is not, or a message that is not
//! one of the RPC's) the transport answers by itself: they are refusals like any other, so they are put on record and get a
//! receipt. What the caller sent is not kept, not even the name it used.

use super::connection::Connection;
use super::desk::Desk;
use super::status::{self, Told};
use crate::api::RECEIPT;
use crate::audit::Call;
use http::{HeaderMap, Request, Response};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Puts the layer around the services.
#[derive(Clone)]
pub(super) struct OnRecord {
    pub(super) desk: Desk,
}

/// Services whose every call has its outcome on record.
#[derive(Clone)]
pub(super) struct Recorded<S> {
    inner: S,
    desk: Desk,
}

/// What a request has become, once the desk knows who makes it. Every request carries one in its extensions.
#[derive(Clone, Default)]
pub(super) struct Begun(Arc<OnceLock<Call>>);

impl Begun {
    pub(super) fn note(&self, call: &Call) {
        // A request becomes one call.
        let _ = self.0.set(call.clone());
    }
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
        let (begun, after) = (Begun::default(), time_left(request.headers()));
        request.extensions_mut().insert(begun.clone());
        let (answering, desk) = (self.inner.call(request), self.desk.clone());
        Box::pin(async move {
            let call = || begun.0.get().cloned().unwrap_or_else(|| Desk::unread(connection.as_ref()));
            let passed = async {
                match after {
                    Some(after) => sleep(after).await,
                    None => pending().await,
                }
            };
            let told = tokio::select! {
                answered = tokio::spawn(answering) => match answered {
                    Ok(Ok(response)) => match unread(response.headers()) {
                        Some(told) => told,
                        None => return Ok(response),
                    },
                    Ok(Err(error)) => return Err(error),
                    Err(_) => failed(&call()),
                },
                () = passed => Told {
                    rule: "call.deadline",
                    status: status::status(
                        Code::DeadlineExceeded,
                        "DEADLINE",
                        "the time that the caller gave has passed; the call comes to its end all the same",
                    ),
                },
            };
            Ok(desk.refuse(&call(), told).await.into_http())
        })
    }
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
mod tests {
    use super::*;
    use crate::audit::{Entry, Filter, SignerKey};
    use crate::calendar::Timestamp;
    use crate::server::limits::{Limits, Settings};
    use crate::store::{ServiceKey, Store};
    use std::convert::Infallible;
    use tower::{ServiceExt, service_fn};

    fn desk(folder: &std::path::Path) -> Desk {
        let (path, key) = (folder.join("throughline.db"), ServiceKey::derive(&[8; 32].into()));
        let document = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
        let signer = SignerKey::from_pkcs8("test/log", document.expect("a key").as_ref()).expect("a key");
        Store::create(&path, &key, "test/log", Timestamp::from_millis(0)).expect("a new file");
        let settings = Settings {
            running_max: 1,
            running_per_organization_max: 1,
            call_every: Duration::ZERO,
            burst: 1,
        };
        Desk { store: Store::open(&path, key, signer).expect("the file"), limits: Limits::new(settings) }
    }

    /// What a handler does that lets the caller in and then does `then`, asked with these headers.
    async fn told<F>(desk: &Desk, timeout: Option<&'static str>, then: impl FnOnce(Desk, Call) -> F) -> Status
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut then = Some(then);
        let handler = service_fn(|request: Request<Body>| {
            let call = Call { rpc: "Query", ..Desk::unread(None) };
            request.extensions().get::<Begun>().expect("every request has one").note(&call);
            let then = then.take().expect("one call")(desk.clone(), call);
            async move {
                then.await;
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        });
        let mut request = Request::new(Body::empty());
        if let Some(timeout) = timeout {
            request.headers_mut().insert("grpc-timeout", http::HeaderValue::from_static(timeout));
        }
        let response = OnRecord { desk: desk.clone() }.layer(handler).oneshot(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok("answered"))
    }

    /// The entries there are, once there are so many.
    async fn entries(desk: &Desk, n: usize) -> Vec<Entry> {
        loop {
            let all = desk.store.read(|snapshot| snapshot.log_entries(0, 100, &Filter::default())).await;
            let (entries, _) = all.expect("a log");
            if entries.len() >= n {
                return entries.iter().map(|(_, bytes)| Entry::parse(bytes).expect("an entry")).collect();
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn rules(entries: &[Entry]) -> Vec<(&str, &str)> {
        entries.iter().map(|entry| (entry.rpc.as_str(), entry.rule.as_str())).collect()
    }

    #[tokio::test]
    async fn a_call_that_panics_is_on_record_as_what_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = desk(folder.path());
        let status = told(&desk, None, |desk, call| async move {
            desk.intend(&call).await.expect("the store runs");
            panic!("as a fault of ours would");
        });
        let status = status.await;
        assert_eq!(status.code(), Code::Internal);
        assert!(status.metadata().get_bin(RECEIPT).is_some(), "it is proven");
        let entries = entries(&desk, 2).await;
        assert_eq!(rules(&entries), [("Query", "call.intended"), ("Query", "call.failed")]);
        assert_eq!(entries[0].request_id, entries[1].request_id);
        assert!(status.message().contains("request id"), "{}", status.message());
    }

    #[tokio::test]
    async fn a_call_that_outlasts_its_deadline_comes_to_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = desk(folder.path());
        let slow = |desk: Desk, call: Call| async move {
            desk.intend(&call).await.expect("the store runs");
            sleep(Duration::from_millis(300)).await;
            desk.refuse(&call, Told::malformed("query.malformed", "as it would be")).await;
        };
        let status = told(&desk, Some("100m"), slow).await;
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.metadata().get_bin(RECEIPT).is_some(), "it is proven");
        let entries = entries(&desk, 3).await;
        let expected = ["call.intended", "call.deadline", "query.malformed"].map(|rule| ("Query", rule));
        assert_eq!(rules(&entries), expected);
        assert_eq!(told(&desk, Some("5S"), |_, _| async {}).await.message(), "answered");
    }

    #[tokio::test]
    async fn a_caller_who_hangs_up_leaves_the_outcome_on_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = desk(folder.path());
        let calling = told(&desk, None, |desk, call| async move {
            desk.intend(&call).await.expect("the store runs");
            desk.refuse(&call, Told::malformed("query.malformed", "as it would be")).await;
        });
        // It is dropped as soon as the handler waits for the first time.
        assert!(tokio::time::timeout(Duration::ZERO, calling).await.is_err());
        assert_eq!(rules(&entries(&desk, 2).await).len(), 2);
    }

    #[test]
    fn a_timeout_is_read_as_the_protocol_spells_it() {
        let left = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", http::HeaderValue::from_static(text));
            time_left(&headers)
        };
        for (text, expected) in
            [("1H", 3_599_950), ("2M", 119_950), ("3S", 2_950), ("40m", 20), ("60000u", 30)]
        {
            assert_eq!(left(text), Some(Duration::from_millis(expected)), "{text}");
        }
        assert_eq!(left("99999999H").map(|left| left.as_secs()), Some(99_999_999 * 3_600 - 1));
        for text in ["", "S", "1", "1s", "-1S", "1.5S", "123456789S", "+1S"] {
            assert_eq!(left(text), None, "{text}");
        }
    }
}
