//! Figures for those who run the service: Prometheus reads them from a listener of their own, on this machine alone.
//!
//! Labels are names of calls and status codes, of which there are few; nothing tells who calls, about what or about whom.

use super::standing::Standing;
use crate::store::{self, Store};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderName, StatusCode, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::Code;

/// Upper ends of what calls are counted by, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// Content type of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCall {
    rpc: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    rpc: &'static str,
    code: OfCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct OfCode(Code);

impl EncodeLabelValue for OfCode {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        format!("{:?}", self.0).encode(encoder)
    }
}

/// What is counted while the service runs. A clone shares it.
#[derive(Clone)]
pub(super) struct Metrics {
    calls: Family<Outcome, Counter>,
    seconds: Family<OfCall, Histogram>,
    running: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        Self { calls: Family::default(), seconds, running: Gauge::default() }
    }

    /// A call begins; it ends when this is dropped.
    pub(super) fn begin(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    /// A call was answered, with its last message or the first of a stream.
    pub(super) fn answered(&self, rpc: &'static str, code: Code, after: Duration) {
        self.calls.get_or_create(&Outcome { rpc, code: OfCode(code) }).inc();
        self.seconds.get_or_create(&OfCall { rpc }).observe(after.as_secs_f64());
    }
}

/// A call under way.
pub(super) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is looked at when somebody asks.
#[derive(Default)]
struct Looks {
    log_entries: Gauge,
    witnessed: Gauge<f64, AtomicU64>,
    database: Gauge,
    is_ready: Gauge,
}

struct Exporter {
    registry: Registry,
    looks: Looks,
    store: Store,
    standing: Arc<Standing>,
    database: PathBuf,
}

/// Answers `/metrics` and `/ready` until the service ends.
pub(super) async fn serve(
    listener: TcpListener,
    metrics: Metrics,
    store: Store,
    standing: Arc<Standing>,
    database: PathBuf,
) {
    let (mut registry, looks) = (Registry::with_prefix("throughline"), Looks::default());
    registry.register("calls", "Calls by status code; a stream by that of its first message", metrics.calls);
    let answered = "Time until a call was answered, or the first of its stream";
    registry.register_with_unit("call_duration", answered, Unit::Seconds, metrics.seconds);
    registry.register("calls_running", "Calls under way", metrics.running);
    registry.register("log_entries", "Entries of the access log", looks.log_entries.clone());
    let witnessed = "When enough organizations had cosigned the last witnessed checkpoint; 0 for never";
    registry.register_with_unit("log_witnessed", witnessed, Unit::Seconds, looks.witnessed.clone());
    registry.register_with_unit("database", "Size of the database file", Unit::Bytes, looks.database.clone());
    registry.register(
        "ready",
        "1 where the store answers and the access log is sound",
        looks.is_ready.clone(),
    );
    let exporter = Arc::new(Exporter { registry, looks, store, standing, database });
    let router = Router::new().route("/metrics", get(figures)).route("/ready", get(ready));
    if let Err(error) = axum::serve(listener, router.with_state(exporter)).await {
        tracing::error!(kind = ?error.kind(), "figures are not served any more");
    }
}

type Told = (StatusCode, [(HeaderName, &'static str); 1], String);

async fn figures(State(exporter): State<Arc<Exporter>>) -> Told {
    exporter.look().await;
    let mut text = String::new();
    match encode(&mut text, &exporter.registry) {
        Ok(()) => (StatusCode::OK, [(header::CONTENT_TYPE, OPEN_METRICS)], text),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the figures can not be written\n"),
    }
}

async fn ready(State(exporter): State<Arc<Exporter>>) -> Told {
    match exporter.look().await {
        true => plain(StatusCode::OK, "ready\n"),
        false => plain(StatusCode::SERVICE_UNAVAILABLE, "not ready: see the service's own log\n"),
    }
}

fn plain(code: StatusCode, text: &str) -> Told {
    (code, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned())
}

impl Exporter {
    /// Brings what is looked at up to date; whether the service is ready.
    async fn look(&self) -> bool {
        let look = |snapshot: &store::Snapshot<'_>| {
            let witnessed = snapshot.witnessed_checkpoint()?.map_or(0, |last| last.time.millis());
            Ok::<_, store::Error>((snapshot.log_size()?, witnessed))
        };
        let found = self.store.read(look).await;
        if let Ok((size, witnessed)) = &found {
            self.looks.log_entries.set(size.cast_signed());
            self.looks.witnessed.set(*witnessed as f64 / 1e3);
        }
        if let Ok(file) = tokio::fs::metadata(&self.database).await {
            self.looks.database.set(file.len().cast_signed());
        }
        let is_ready = found.is_ok() && !*self.store.stopped().borrow() && !self.standing.is_unsound();
        self.looks.is_ready.set(i64::from(is_ready));
        is_ready
    }
}
