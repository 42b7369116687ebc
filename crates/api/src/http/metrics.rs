//! What Prometheus is told. Labels are routes, methods and statuses: their number is bounded, whatever clients send.

use crate::auth::access::RULES;
use actix_web::{HttpResponse, get, http::StatusCode, web::Data};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
    core::Collector,
};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The counters.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    /// One for each rule of the access table, found without a look-up, and one for what is not in it.
    latencies: Vec<Histogram>,
    statements: IntCounter,
    queue: IntGauge,
    batches: IntCounter,
    submissions: IntCounter,
    reruns: IntCounter,
    /// Deliveries whose signature was not good.
    pub bad_signatures: IntCounter,
    /// Logins with a wrong name or password.
    pub login_failures: IntCounter,
}

/// What the store has counted.
pub struct StoreFigures {
    /// Statements sent.
    pub statements: u64,
    /// Submissions waiting for the ledger's writer.
    pub queue_depth: u64,
    /// Batches committed.
    pub batches: u64,
    /// Submissions in them.
    pub submissions: u64,
    /// Batches that had to be run again.
    pub reruns: u64,
}

impl Metrics {
    /// All at zero.
    ///
    /// # Errors
    /// Where two of them had one name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| kept(&registry, IntCounter::new(name, help));
        let requests = Opts::new("tradepost_http_requests_total", "Requests answered.");
        let latency = HistogramOpts::new("tradepost_http_request_seconds", "Time from a request's head to its answer.");
        let latency = HistogramVec::new(latency.buckets(BUCKETS.to_vec()), &["method", "path"]);
        let latency = kept(&registry, latency)?;
        let rules = RULES.iter().map(|(method, path, _)| latency.with_label_values(&[method, path]));
        let waiting = IntGauge::new("tradepost_ledger_queue_depth", "Submissions waiting for the ledger's writer.");
        Ok(Self {
            latencies: rules.chain([latency.with_label_values(&["other", "other"])]).collect(),
            requests: kept(&registry, IntCounterVec::new(requests, &["method", "path", "status"]))?,
            queue: kept(&registry, waiting)?,
            statements: counter("tradepost_sql_statements_total", "SQL statements sent to the database.")?,
            batches: counter("tradepost_ledger_batches_total", "Batches that the ledger's writer committed.")?,
            submissions: counter("tradepost_ledger_submissions_total", "Submissions in those batches.")?,
            reruns: counter("tradepost_ledger_reruns_total", "Batches that had to be run again.")?,
            bad_signatures: counter("tradepost_pos_bad_signatures_total", "Deliveries whose signature was not good.")?,
            login_failures: counter("tradepost_login_failures_total", "Logins with a wrong name or password.")?,
            registry,
        })
    }

    /// Counts an answer; `rule` is its place in the access table.
    pub fn answered(&self, rule: Option<usize>, status: StatusCode, took: Duration) {
        let (method, path) =
            rule.and_then(|index| RULES.get(index)).map_or(("other", "other"), |rule| (rule.0, rule.1));
        self.requests.with_label_values(&[method, path, status.as_str()]).inc();
        if let Some(latency) = self.latencies.get(rule.unwrap_or(RULES.len())) {
            latency.observe(took.as_secs_f64());
        }
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn text(&self, figures: &StoreFigures) -> Result<Vec<u8>, prometheus::Error> {
        raise(&self.statements, figures.statements);
        raise(&self.batches, figures.batches);
        raise(&self.submissions, figures.submissions);
        raise(&self.reruns, figures.reruns);
        self.queue.set(i64::try_from(figures.queue_depth).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn kept<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> prometheus::Result<C> {
    let collector = made?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// The store counts for itself; what Prometheus shows follows.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

/// Figures for Prometheus
///
/// Requests by route, method and status, latencies, SQL statements, the ledger's batches and its queue.
#[utoipa::path(tag = "Health", responses((status = 200, description = "In Prometheus' text format.", content_type = "text/plain")))]
#[get("/metrics")]
pub(crate) async fn metrics(shop: Data<crate::shop::Shop>) -> Result<HttpResponse, super::problem::Problem> {
    let text = shop.metrics.text(&shop.store_figures()).map_err(super::problem::Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_and_status() {
        let counted = Metrics::new().unwrap();
        counted.answered(Some(0), StatusCode::OK, Duration::from_millis(1));
        counted.answered(None, StatusCode::NOT_FOUND, Duration::from_millis(1));
        let figures = StoreFigures { statements: 7, queue_depth: 1, batches: 2, submissions: 3, reruns: 0 };
        let text = String::from_utf8(counted.text(&figures).unwrap()).unwrap();
        assert!(
            text.contains(r#"tradepost_http_requests_total{method="GET",path="/healthz",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains(r#"path="other",status="404"} 1"#));
        assert!(text.contains("tradepost_sql_statements_total 7"));
    }
}
