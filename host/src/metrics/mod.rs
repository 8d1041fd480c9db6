//! What an operator watches: counted where it happens, read from the database when it is
//! asked for. Each service counts for itself. No label ever names a user, booking or path
//! as it came: their number is bounded.

mod gauges;
mod labels;

pub use gauges::Gauges;
pub use labels::{DeliveryOutcome, RefreshResult, WebhookResult};

use labels::{Call, Delivery, Refresh, Removal, Request, Webhook};
use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::{fmt, sync::Arc, time::Duration};

/// In seconds: from a call that stays inside the host to one that is cut off.
const CALL_BUCKETS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0,
];

type Family1<L> = Family<L, Counter>;
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// The metrics of one service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Instruments>);

struct Instruments {
    registry: Registry,
    deliveries: Family1<Delivery>,
    refreshes: Family1<Refresh>,
    webhooks: Family1<Webhook>,
    removals: Family1<Removal>,
    calls: Durations<Call>,
    requests: Durations<Request>,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(CALL_BUCKETS);
        let instruments = Instruments {
            registry: Registry::with_prefix("calport"),
            deliveries: Family::default(),
            refreshes: Family::default(),
            webhooks: Family::default(),
            removals: Family::default(),
            calls: Family::new_with_constructor(histogram),
            requests: Family::new_with_constructor(histogram),
        };
        Self(Arc::new(instruments.registered()))
    }
}

impl Instruments {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "deliveries",
            "Tries to bring a booking to a calendar, by how they ended",
            self.deliveries.clone(),
        );
        registry.register(
            "refreshes",
            "Access tokens that a call wanted to refresh, by how that ended",
            self.refreshes.clone(),
        );
        registry.register(
            "webhooks",
            "Tries to tell the platform something, by how they ended",
            self.webhooks.clone(),
        );
        registry.register(
            "retention_removed",
            "Rows that nobody needed any more, by what they were",
            self.removals.clone(),
        );
        registry.register_with_unit(
            "plugin_call_duration",
            "Calls of the plugin, what they wait for included",
            Unit::Seconds,
            self.calls.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Requests to the REST interface and the page, until the head of the reply",
            Unit::Seconds,
            self.requests.clone(),
        );
        registry.register(
            "build",
            "What this process was built from",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        self
    }
}

impl Metrics {
    /// A try to bring a booking to a calendar has ended.
    pub fn delivered(&self, provider: &str, outcome: DeliveryOutcome) {
        let provider = provider.to_owned();
        let labels = Delivery { provider, outcome };
        self.0.deliveries.get_or_create(&labels).inc();
    }

    /// A call that wanted a fresh access token has it, or has not.
    pub fn refreshed(&self, provider: &str, result: RefreshResult) {
        let provider = provider.to_owned();
        let labels = Refresh { provider, result };
        self.0.refreshes.get_or_create(&labels).inc();
    }

    /// A try to tell the platform something has ended.
    pub fn told(&self, result: WebhookResult) {
        let labels = Webhook { result };
        self.0.webhooks.get_or_create(&labels).inc();
    }

    /// So many rows of one kind were removed because nobody needs them any more.
    pub fn removed(&self, what: &'static str, rows: u64) {
        self.0
            .removals
            .get_or_create(&Removal { what })
            .inc_by(rows);
    }

    /// A call of the plugin's export has ended; `result` is `ok` or the name of an error.
    pub fn called(&self, export: &'static str, result: &'static str, took: Duration) {
        let labels = Call { export, result };
        let duration = self.0.calls.get_or_create(&labels);
        duration.observe(took.as_secs_f64());
    }

    /// A request was answered. The route is its pattern, not its path.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let labels = Request {
            method,
            route: route.to_owned(),
            status,
        };
        let duration = self.0.requests.get_or_create(&labels);
        duration.observe(took.as_secs_f64());
    }

    /// Everything in the OpenMetrics text format, with what was read from the database.
    ///
    /// # Errors
    /// Only where a metric cannot be written as text.
    pub fn render(&self, gauges: &Gauges) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.0.registry)?;
        encode_registry(&mut text, &gauges.registry())?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_was_counted_stands_in_the_text_under_conventional_names() {
        let metrics = Metrics::default();
        metrics.delivered("google", DeliveryOutcome::InCalendar);
        metrics.delivered("google", DeliveryOutcome::InCalendar);
        metrics.refreshed("outlook", RefreshResult::Failed);
        metrics.told(WebhookResult::Delivered);
        metrics.called("push-event", "ok", Duration::from_millis(3));
        metrics.answered("GET", "/api/{kind}/{id}", 200, Duration::from_millis(3));
        let text = metrics.render(&Gauges::default()).unwrap();
        for line in [
            "calport_deliveries_total{provider=\"google\",outcome=\"in_calendar\"} 2",
            "calport_refreshes_total{provider=\"outlook\",result=\"failed\"} 1",
            "calport_webhooks_total{result=\"delivered\"} 1",
            "calport_plugin_call_duration_seconds_count{export=\"push-event\",result=\"ok\"} 1",
            "calport_http_request_duration_seconds_count{method=\"GET\",\
             route=\"/api/{kind}/{id}\",status=\"200\"} 1",
            "calport_deliveries_waiting 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|is| is == line), "{line}\n{text}");
        }
    }

    /// OpenMetrics 1.0 and Prometheus' "Metric and label naming": one prefix, base units, which
    /// stand at the end of the name and are declared, and `_total` for what only grows.
    #[test]
    fn every_name_follows_the_convention() {
        let metrics = Metrics::default();
        metrics.delivered("google", DeliveryOutcome::InCalendar);
        metrics.refreshed("google", RefreshResult::Shared);
        metrics.told(WebhookResult::Delivered);
        metrics.removed("bookings", 1);
        metrics.called("push-event", "ok", Duration::ZERO);
        metrics.answered("GET", "/healthz", 200, Duration::ZERO);
        let text = metrics.render(&Gauges::default()).unwrap();
        let declared = |keyword: &str| -> BTreeMap<&str, &str> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(keyword));
            lines.filter_map(|line| line.split_once(' ')).collect()
        };
        let (types, helps) = (declared("# TYPE "), declared("# HELP "));
        let units = declared("# UNIT ");
        assert_eq!(types.len(), 11, "{text}");
        for (name, kind) in &types {
            let word = name.strip_prefix("calport_").unwrap_or_default();
            let is_snake = word
                .split('_')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(is_snake, "{name}");
            let help = helps.get(name).copied().unwrap_or_default();
            assert!(help.len() > 10, "{name} is not explained");
            for ending in ["_total", "_count", "_sum", "_bucket", "_info"] {
                assert!(!name.ends_with(ending), "{name} ends as its samples do");
            }
            for unit in ["_ms", "_milliseconds", "_minutes", "_kb", "_percent"] {
                assert!(!name.ends_with(unit), "{name} is in no base unit");
            }
            let is_of_time = name.ends_with("_seconds");
            assert_eq!(units.get(name), is_of_time.then_some(&"seconds"), "{name}");
            assert!(*kind != "histogram" || is_of_time, "{name} has no unit");
            assert!(
                ["counter", "gauge", "histogram", "info"].contains(kind),
                "{name}"
            );
        }
        assert!(text.contains("calport_webhooks_total{result=\"delivered\"} 1"));
        assert!(text.contains("calport_build_info{version=\""), "{text}");
    }

    #[test]
    fn two_services_in_one_process_count_apart() {
        let [one, other] = [Metrics::default(), Metrics::default()];
        one.told(WebhookResult::Delivered);
        let text = other.render(&Gauges::default()).unwrap();
        assert!(!text.contains("delivered"), "{text}");
    }
}
