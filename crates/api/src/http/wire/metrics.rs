//! What Prometheus is told. Labels are routes, methods and statuses: their number is bounded, whatever clients send.

use super::endpoints::Operation;
use actix_web::http::StatusCode;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
    core::Collector,
};
use std::{sync::atomic::Ordering, time::Duration};
use tradepost_app::Shop;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The counters of one process; they start at zero with it.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    /// One for each operation of the contract, found without a look-up, and one for what is none.
    latencies: Vec<Histogram>,
    /// Method and path of each.
    routes: Vec<(&'static str, String)>,
    statements: IntCounter,
    queue: IntGauge,
    batches: IntCounter,
    submissions: IntCounter,
    reruns: IntCounter,
    /// Deliveries whose signature was not good.
    pub bad_signatures: IntCounter,
    login_failures: IntCounter,
}

/// What the shop and its store have counted for themselves.
pub struct Figures {
    /// Statements that the store has sent.
    pub statements: u64,
    /// Submissions waiting for the ledger's writer.
    pub queue_depth: u64,
    /// Batches that the ledger has committed.
    pub batches: u64,
    /// Submissions in those batches.
    pub submissions: u64,
    /// Batches that had to be run again.
    pub reruns: u64,
    /// Logins with a wrong name or password.
    pub wrong_passwords: u64,
}

impl Figures {
    /// As they are now.
    pub fn of(shop: &Shop) -> Self {
        let stats = shop.store.ledger().stats();
        Self {
            statements: tradepost_store::statements(),
            queue_depth: stats.waiting.load(Ordering::Relaxed),
            batches: stats.batches.load(Ordering::Relaxed),
            submissions: stats.submissions.load(Ordering::Relaxed),
            reruns: stats.reruns.load(Ordering::Relaxed),
            wrong_passwords: shop.wrong_passwords.load(Ordering::Relaxed),
        }
    }
}

impl Metrics {
    /// Registers all of them, at zero.
    ///
    /// # Errors
    /// Where two of them had one name.
    pub fn new(operations: &[Operation]) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| registered(&registry, IntCounter::new(name, help));
        let requests = Opts::new("tradepost_http_requests_total", "Requests answered.");
        let latency = HistogramOpts::new("tradepost_http_request_seconds", "Time from a request's head to its answer.");
        let latency = HistogramVec::new(latency.buckets(BUCKETS.to_vec()), &["method", "path"]);
        let latency = registered(&registry, latency)?;
        let routes: Vec<_> = operations.iter().map(|one| (one.method, one.path.clone())).collect();
        let known = routes.iter().map(|(method, path)| latency.with_label_values(&[method, path.as_str()]));
        let waiting = IntGauge::new("tradepost_ledger_queue_depth", "Submissions waiting for the ledger's writer.");
        Ok(Self {
            latencies: known.chain([latency.with_label_values(&["other", "other"])]).collect(),
            routes,
            requests: registered(&registry, IntCounterVec::new(requests, &["method", "path", "status"]))?,
            queue: registered(&registry, waiting)?,
            statements: counter("tradepost_sql_statements_total", "SQL statements sent to the database.")?,
            batches: counter("tradepost_ledger_batches_total", "Batches that the ledger's writer committed.")?,
            submissions: counter("tradepost_ledger_submissions_total", "Submissions in those batches.")?,
            reruns: counter("tradepost_ledger_reruns_total", "Batches that had to be run again.")?,
            bad_signatures: counter("tradepost_pos_bad_signatures_total", "Deliveries whose signature was not good.")?,
            login_failures: counter("tradepost_login_failures_total", "Logins with a wrong name or password.")?,
            registry,
        })
    }

    /// Counts an answer; `operation` is its place among the operations, `None` where it was none.
    pub fn answered(&self, operation: Option<usize>, status: StatusCode, took: Duration) {
        let route = operation.and_then(|index| self.routes.get(index));
        let (method, path) = route.map_or(("other", "other"), |(method, path)| (method, path.as_str()));
        self.requests.with_label_values(&[method, path, status.as_str()]).inc();
        if let Some(latency) = self.latencies.get(operation.unwrap_or(self.routes.len())) {
            latency.observe(took.as_secs_f64());
        }
    }

    /// The text that Prometheus reads.
    ///
    /// # Errors
    /// Where a figure cannot be written as text.
    pub fn text(&self, figures: &Figures) -> Result<Vec<u8>, prometheus::Error> {
        raise(&self.statements, figures.statements);
        raise(&self.batches, figures.batches);
        raise(&self.submissions, figures.submissions);
        raise(&self.reruns, figures.reruns);
        raise(&self.login_failures, figures.wrong_passwords);
        self.queue.set(i64::try_from(figures.queue_depth).unwrap_or(i64::MAX));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> prometheus::Result<C> {
    let collector = made?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// The store counts for itself; what Prometheus shows follows.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_route_and_status() {
        let (path, action) = ("/healthz".to_owned(), "check_health".to_owned());
        let counted =
            Metrics::new(&[Operation { method: "GET", path, action, takes_query: false, takes_version: false }])
                .unwrap();
        counted.answered(Some(0), StatusCode::OK, Duration::from_millis(1));
        counted.answered(None, StatusCode::NOT_FOUND, Duration::from_millis(1));
        let figures =
            Figures { statements: 7, queue_depth: 1, batches: 2, submissions: 3, reruns: 0, wrong_passwords: 0 };
        let text = String::from_utf8(counted.text(&figures).unwrap()).unwrap();
        assert!(
            text.contains(r#"tradepost_http_requests_total{method="GET",path="/healthz",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains(r#"path="other",status="404"} 1"#));
        assert!(text.contains("tradepost_sql_statements_total 7"));
    }
}
