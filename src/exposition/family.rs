//! Metrics and their series, and how they become text.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
    prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Form;

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A number as it is now.
    Gauge,
    /// A count that only grows, until what counts begins anew. Its name ends in `_total`.
    Counter,
    /// A constant 1 whose labels are what it tells. Its name ends in `_info`.
    Info,
    /// How many of something lie below each of some limits.
    Histogram,
}

/// A metric: its name, as it stands before a number, and what it means.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    kind: Kind,
    /// Meaning, unit and sign, in one line without quotation marks.
    help: &'static str,
}

/// The units that names end in.
const UNITS: [&str; 5] = ["ppms_per_second", "seconds", "bytes", "ppms", "ratio"];

impl Metric {
    pub(super) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help }
    }

    pub(super) const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help }
    }

    pub(super) const fn info(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Info, help }
    }

    pub(super) const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, help }
    }

    /// Type and meaning, as docs/metrics.md has them.
    #[cfg(test)]
    pub(super) fn row(&self) -> (&'static str, &'static str) {
        let kind = match self.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Info => "info",
            Kind::Histogram => "histogram",
        };
        (kind, self.help)
    }

    /// The name without what its type and its unit add to it, and the unit.
    fn stem(&self) -> (&'static str, Option<&'static str>) {
        let name = match self.kind {
            Kind::Counter => self.name.strip_suffix("_total"),
            Kind::Info => self.name.strip_suffix("_info"),
            Kind::Gauge | Kind::Histogram => None,
        };
        let name = name.unwrap_or(self.name);
        if self.kind == Kind::Info || name == "chrony_sources_peer_jitter_asymmetry_seconds" {
            // No unit, whatever the name of the second says.
            return (name, None);
        }
        let parts =
            |unit: &&'static str| Some((name.strip_suffix(*unit)?.strip_suffix('_')?, *unit));
        match UNITS.iter().find_map(parts) {
            Some((stem, unit)) => (stem, Some(unit)),
            None => (name, None),
        }
    }
}

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    /// In a box, as the others are small and many.
    Spread(Box<Spread>),
}

/// How numbers are spread.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    pub(super) sum: f64,
    pub(super) number: u64,
    /// How many lie above the limit before and not above each limit.
    pub(super) parts: Vec<(f64, u64)>,
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Self::Whole(value.into())
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Self::Whole(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

/// A value that is always there.
pub(super) fn given(value: impl Into<Value>) -> Option<Value> {
    Some(value.into())
}

/// The name of a label and what it says.
pub(super) type Label = (&'static str, Cow<'static, str>);

/// The labels of a series: those that it shares with other series, and its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    shared: Option<Arc<[Label]>>,
    own: Vec<Label>,
}

impl Labels {
    pub(super) fn shared(labels: &Arc<[Label]>) -> Self {
        Self { shared: Some(Arc::clone(labels)), own: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, says: impl Into<Cow<'static, str>>) -> Self {
        // Of many series each has one or two.
        self.own.reserve_exact(1);
        self.own.push((name, says.into()));
        self
    }
}

/// Labels of no other series.
pub(super) fn label(name: &'static str, says: impl Into<Cow<'static, str>>) -> Labels {
    Labels::default().with(name, says)
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for label in self.shared.iter().flat_map(|labels| labels.iter()).chain(&self.own) {
            label.encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

/// A metric of which a record has at most one value.
#[derive(Debug)]
pub(super) struct Column<T: 'static> {
    pub(super) metric: Metric,
    value: fn(&T) -> Option<Value>,
}

/// A column of gauges.
pub(super) const fn gauge<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<Value>,
) -> Column<T> {
    Column { metric: Metric::gauge(name, help), value }
}

/// A column of counters.
pub(super) const fn counter<T>(
    name: &'static str,
    help: &'static str,
    value: fn(&T) -> Option<Value>,
) -> Column<T> {
    Column { metric: Metric::counter(name, help), value }
}

/// One metric with its series.
#[derive(Debug)]
struct Family {
    metric: &'static Metric,
    /// In parts, as what is freed in large blocks makes the allocator keep more.
    series: Vec<Vec<(Labels, Value)>>,
}

/// How many series are in a part.
const PART: usize = 1_024;

/// A text that is passed on a piece at a time.
struct Text<'a>(BufWriter<&'a mut dyn Write>);

/// The length of a piece, bytes.
const PIECE: usize = 16_384;

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// All that is told, written a metric at a time: of a thousand sources all of it is 6 MB of text.
pub(super) struct Page<'a> {
    form: Form,
    text: Text<'a>,
}

impl<'a> Page<'a> {
    pub(super) fn new(form: Form, whole: &'a mut dyn Write) -> Self {
        Self { form, text: Text(BufWriter::with_capacity(PIECE, whole)) }
    }

    /// A metric with its series; without one it is not named at all.
    pub(super) fn family(
        &mut self,
        metric: &'static Metric,
        series: impl IntoIterator<Item = (Labels, Value)>,
    ) {
        let is_number = |value: &Value| !matches!(value, Value::Real(real) if !real.is_finite());
        let mut told = series.into_iter().filter(|(_, value)| is_number(value)).peekable();
        let mut series = Vec::new();
        while told.peek().is_some() {
            series.push(told.by_ref().take(PART).collect());
        }
        if series.is_empty() {
            return;
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Family { metric, series }));
        // Writing to memory does not fail.
        let _ = match self.form {
            Form::Classic => prometheus_text::encode(&mut self.text, &registry),
            Form::OpenMetrics => text::encode_registry(&mut self.text, &registry),
        };
    }

    /// Writes what ends the text.
    pub(super) fn end(mut self) {
        // Nor does this.
        let _ = match self.form {
            Form::Classic => Ok(()),
            Form::OpenMetrics => text::encode_eof(&mut self.text),
        };
        let _ = self.text.0.flush();
    }

    /// A metric of one series without labels, where it has a value.
    pub(super) fn single(&mut self, metric: &'static Metric, value: Option<Value>) {
        self.family(metric, value.map(|value| (Labels::default(), value)));
    }

    /// The columns of a report of one record.
    pub(super) fn record<T>(&mut self, columns: &'static [Column<T>], record: &T) {
        for column in columns {
            self.single(&column.metric, (column.value)(record));
        }
    }

    /// The columns of a report with a record for each source.
    pub(super) fn records<T>(
        &mut self,
        columns: &'static [Column<T>],
        records: &[(Arc<[Label]>, &T)],
    ) {
        for column in columns {
            let series = records.iter().filter_map(|(labels, record)| {
                Some((Labels::shared(labels), (column.value)(record)?))
            });
            self.family(&column.metric, series);
        }
    }

    /// A metric that tells by its labels, for each source.
    pub(super) fn facts<T>(
        &mut self,
        metric: &'static Metric,
        records: &[(Arc<[Label]>, &T)],
        facts: impl Fn(&T) -> Option<Vec<Label>>,
    ) {
        let series = records.iter().filter_map(|(labels, record)| {
            let own = facts(record)?;
            Some((Labels { shared: Some(Arc::clone(labels)), own }, Value::Whole(1)))
        });
        self.family(metric, series);
    }
}

impl Collector for Family {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self { metric, series } = self;
        let (stem, unit) = metric.stem();
        let unit = unit.map(|unit| Unit::Other(unit.to_owned()));
        let kind = match metric.kind {
            Kind::Gauge => MetricType::Gauge,
            Kind::Counter => MetricType::Counter,
            Kind::Info => MetricType::Info,
            Kind::Histogram => MetricType::Histogram,
        };
        let mut encoder = encoder.encode_descriptor(stem, metric.help, unit.as_ref(), kind)?;
        for (labels, value) in series.iter().flatten() {
            number(encoder.encode_family(labels)?, metric.kind, value)?;
        }
        Ok(())
    }
}

fn number(mut encoder: MetricEncoder<'_>, kind: Kind, value: &Value) -> fmt::Result {
    match (kind, value) {
        (Kind::Info, _) => encoder.encode_info(&Labels::default()),
        (Kind::Counter, Value::Whole(count)) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(count, None)
        }
        (Kind::Counter, Value::Real(count)) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(count, None)
        }
        (_, Value::Whole(whole)) => encoder.encode_gauge(whole),
        (_, Value::Real(real)) => encoder.encode_gauge(real),
        (_, Value::Spread(spread)) => {
            let Spread { sum, number, parts } = &**spread;
            encoder.encode_histogram::<NoLabelSet>(*sum, *number, parts, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SIZE: Metric = Metric::gauge("a_size_bytes", "How large it is, bytes.");
    static NAMED: Metric = Metric::info("a_thing_info", "Always 1.");
    static TIMES: Metric = Metric::counter("a_times_total", "How often it was.");
    static SPREAD: Metric = Metric::histogram("a_wait_seconds", "How long it was waited for.");

    fn text(form: Form) -> String {
        let mut text = Vec::new();
        let mut page = Page::new(form, &mut text);
        let shared: Arc<[Label]> = Arc::new([("of", Cow::Borrowed("this"))]);
        page.family(
            &SIZE,
            [
                (Labels::shared(&shared).with("part", "head"), Value::Real(-0.25)),
                (Labels::shared(&shared).with("part", "tail"), Value::Whole(7)),
                (Labels::shared(&shared).with("part", "none"), Value::Real(f64::NAN)),
            ],
        );
        page.family(&NAMED, [(label("says", "a\"b\\c\nd"), Value::Whole(1))]);
        page.single(&TIMES, given(u64::MAX));
        let spread = Spread { sum: 6.5, number: 3, parts: vec![(1.0, 2), (f64::INFINITY, 1)] };
        page.single(&SPREAD, given(Value::Spread(Box::new(spread))));
        // Nothing is said of what has no series.
        page.single(&SIZE, Some(Value::Real(f64::INFINITY)));
        page.single(&SIZE, None);
        page.end();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_classic_form_is_exactly_this() {
        let expected = r#"# HELP a_size_bytes How large it is, bytes.
# TYPE a_size_bytes gauge
a_size_bytes{of="this",part="head"} -0.25
a_size_bytes{of="this",part="tail"} 7
# HELP a_thing_info Always 1.
# TYPE a_thing_info gauge
a_thing_info{says="a\"b\\c\nd"} 1
# HELP a_times_total How often it was.
# TYPE a_times_total counter
a_times_total 18446744073709551615
# HELP a_wait_seconds How long it was waited for.
# TYPE a_wait_seconds histogram
a_wait_seconds_bucket{le="1"} 2
a_wait_seconds_bucket{le="+Inf"} 3
a_wait_seconds_sum 6.5
a_wait_seconds_count 3
"#;
        assert_eq!(text(Form::Classic), expected);
    }

    #[test]
    fn openmetrics_is_exactly_this() {
        let expected = r#"# HELP a_size_bytes How large it is, bytes.
# TYPE a_size_bytes gauge
# UNIT a_size_bytes bytes
a_size_bytes{of="this",part="head"} -0.25
a_size_bytes{of="this",part="tail"} 7
# HELP a_thing Always 1.
# TYPE a_thing info
a_thing_info{says="a\"b\\c\nd"} 1
# HELP a_times How often it was.
# TYPE a_times counter
a_times_total 18446744073709551615
# HELP a_wait_seconds How long it was waited for.
# TYPE a_wait_seconds histogram
# UNIT a_wait_seconds seconds
a_wait_seconds_sum 6.5
a_wait_seconds_count 3
a_wait_seconds_bucket{le="1.0"} 2
a_wait_seconds_bucket{le="+Inf"} 3
# EOF
"#;
        assert_eq!(text(Form::OpenMetrics), expected);
    }

    #[test]
    fn a_long_text_is_passed_on_in_pieces() {
        #[derive(Default)]
        struct Pieces(Vec<String>);
        impl Write for Pieces {
            fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
                self.0.push(String::from_utf8(piece.to_vec()).unwrap());
                Ok(piece.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut pieces = Pieces::default();
        let mut page = Page::new(Form::OpenMetrics, &mut pieces);
        let series = |n: u32| (label("n", n.to_string()), Value::Whole(1));
        page.family(&SIZE, (0..2_000).map(series));
        page.end();
        assert!(pieces.0.len() > 2 && pieces.0.iter().all(|piece| piece.len() < PIECE + 100));
        let text = pieces.0.concat();
        assert_eq!(text.matches("a_size_bytes{").count(), 2_000);
        assert!(text.ends_with("a_size_bytes{n=\"1999\"} 1\n# EOF\n"));
    }

    #[test]
    fn units_are_those_that_names_end_in() {
        for (name, expected) in [
            ("a_b_ppms_per_second", ("a_b", Some("ppms_per_second"))),
            ("a_b_ratio", ("a_b", Some("ratio"))),
            ("a_seconds_ago", ("a_seconds_ago", None)),
            ("seconds", ("seconds", None)),
        ] {
            assert_eq!(Metric::gauge(name, "").stem(), expected);
        }
        assert_eq!(Metric::counter("a_seconds_total", "").stem(), ("a", Some("seconds")));
        assert_eq!(Metric::info("a_bytes_info", "").stem(), ("a_bytes", None));
    }
}
