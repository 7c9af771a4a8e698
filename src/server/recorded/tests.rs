//! What becomes of calls that panic, outlast their deadline, or whose caller hangs up.

use super::*;
use crate::audit::{Entry, Filter};
use crate::server::limits::{Limits, Settings};
use crate::server::standing::Standing;
use crate::store::testing;
use std::convert::Infallible;
use tokio::sync::oneshot;
use tower::{ServiceExt, service_fn};

fn desk(folder: &std::path::Path) -> Desk {
    let settings =
        Settings { running_max: 1, running_per_organization_max: 1, call_every: Duration::ZERO, burst: 1 };
    let standing = Arc::new(Standing::new(&folder.join("t.db")));
    Desk { store: testing::open(folder), limits: Limits::new(settings), standing, two_people: false }
}

/// What a handler does that lets the caller in and then does `then`, asked with these headers.
async fn told<F>(desk: &Desk, timeout: Option<&'static str>, then: impl FnOnce(Desk, Call) -> F) -> Status
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut then = Some(then);
    let handler = service_fn(|request: Request<Body>| {
        let begun = request.extensions().get::<Begun>().expect("every request has one");
        let call = Call { rpc: "Query", ..Desk::unread(None, begun.request_id()) };
        begun.note(&call);
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
    let response =
        OnRecord { desk: desk.clone(), metrics: Metrics::new() }.layer(handler).oneshot(request).await;
    let response = response.unwrap_or_else(|never| match never {});
    Status::from_header_map(response.headers()).unwrap_or_else(|| Status::ok("answered"))
}

async fn entries(desk: &Desk) -> Vec<Entry> {
    let all = desk.store.read(|snapshot| snapshot.log_entries(0, 100, &Filter::default())).await;
    let (entries, _) = all.expect("a log");
    entries.iter().map(|logged| Entry::parse(&logged.bytes).expect("an entry")).collect()
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
    let entries = entries(&desk).await;
    assert_eq!(rules(&entries), [("Query", "call.intended"), ("Query", "call.failed")]);
    assert_eq!(entries[0].request_id, entries[1].request_id);
    assert!(status.message().contains("request id"), "{}", status.message());
}

#[tokio::test]
async fn a_call_that_outlasts_its_deadline_comes_to_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(folder.path());
    let (go_on, asked) = oneshot::channel::<()>();
    let (end, ended) = oneshot::channel();
    let slow = |desk: Desk, call: Call| async move {
        desk.intend(&call).await.expect("the store runs");
        asked.await.expect("it is asked to go on");
        desk.refuse(&call, Told::malformed("query.malformed", "as it would be")).await;
        end.send(()).expect("somebody waits");
    };
    let status = told(&desk, Some("100m"), slow).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.metadata().get_bin(RECEIPT).is_some(), "it is proven");
    go_on.send(()).expect("the handler is still there");
    ended.await.expect("it comes to its end");
    let entries = entries(&desk).await;
    // On a slow machine the deadline can pass before the handler has begun.
    let mut rules = rules(&entries);
    rules.sort_unstable();
    let expected = ["call.deadline", "call.intended", "query.malformed"].map(|rule| ("Query", rule));
    assert_eq!(rules, expected);
    assert_eq!(told(&desk, Some("5S"), |_, _| async {}).await.message(), "answered");
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_the_outcome_on_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(folder.path());
    let (end, ended) = oneshot::channel();
    let calling = told(&desk, None, |desk, call| async move {
        desk.intend(&call).await.expect("the store runs");
        desk.refuse(&call, Told::malformed("query.malformed", "as it would be")).await;
        end.send(()).expect("somebody waits");
    });
    // It is dropped as soon as the handler waits for the first time.
    assert!(timeout(Duration::ZERO, calling).await.is_err());
    ended.await.expect("it comes to its end");
    assert_eq!(rules(&entries(&desk).await), [("Query", "call.intended"), ("Query", "query.malformed")]);
}

#[tokio::test]
async fn a_panic_after_its_caller_hung_up_is_on_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(folder.path());
    let calling = told(&desk, None, |desk, call| async move {
        desk.intend(&call).await.expect("the store runs");
        panic!("as a fault of ours would");
    });
    assert!(timeout(Duration::ZERO, calling).await.is_err());
    let both = [("Query", "call.intended"), ("Query", "call.failed")];
    let on_record = async {
        while rules(&entries(&desk).await) != both {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), on_record).await.expect("its outcome comes");
}

#[test]
fn a_timeout_is_read_as_the_protocol_spells_it() {
    let left = |text: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", http::HeaderValue::from_static(text));
        time_left(&headers)
    };
    for (text, expected) in [("1H", 3_599_950), ("2M", 119_950), ("3S", 2_950), ("40m", 20), ("60000u", 30)] {
        assert_eq!(left(text), Some(Duration::from_millis(expected)), "{text}");
    }
    assert_eq!(left("99999999H").map(|left| left.as_secs()), Some(99_999_999 * 3_600 - 1));
    for text in ["", "S", "1", "1s", "-1S", "1.5S", "123456789S", "+1S"] {
        assert_eq!(left(text), None, "{text}");
    }
}
