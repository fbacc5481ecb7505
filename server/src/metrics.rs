//! What is counted, for Prometheus.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// The counters. Labels are of a small set of ours: nobody who asks can make more.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) requests: IntCounterVec,
    pub(crate) seconds: HistogramVec,
    pub(crate) listeners: IntGauge,
    pub(crate) issued: IntCounter,
    pub(crate) revoked: IntCounter,
    pub(crate) approved: IntCounter,
    pub(crate) bundles: IntCounter,
    pub(crate) audited: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let requests = IntCounterVec::new(
            Opts::new("wpc_http_requests_total", "Requests answered"),
            &["method", "path", "status"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("wpc_http_request_seconds", "Time until the answer's head"),
            &["method", "path"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self {
            listeners: gauge("wpc_stream_listeners", "Open streams of revocations")?,
            issued: counter("wpc_tokens_issued_total", "Tokens issued by this process")?,
            revoked: counter("wpc_revocations_total", "Revocations taken by this process")?,
            approved: counter("wpc_approvals_total", "Approvals taken by this process")?,
            bundles: counter("wpc_bundles_stored_total", "Bundles stored by this process")?,
            audited: gauge("wpc_audit_entries", "Entries of the audit log when it was last read")?,
            requests,
            seconds,
            registry,
        })
    }

    /// In Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
