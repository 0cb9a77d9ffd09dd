//! The text that Prometheus reads, in either of its two forms: one metric at a time, HELP and TYPE, then a line a sample.
//!
//! The forms differ in little: OpenMetrics 1.0 names a counter in HELP and TYPE without its `_total`, knows `info`, and
//! ends with a line that says so. Written here rather than by a crate because no crate writes both. A metric without a
//! sample leaves no line at all. Names get `lb_` in front and, where they count, `_total` behind.

use std::fmt::{Display, Write as _};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Which of the two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// 0.0.4, which everybody reads, people too.
    Text,
    /// 1.0.
    OpenMetrics,
}

impl Format {
    /// What the client asks for: OpenMetrics where it names that, and prefers nothing that we would rather write.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let media: Vec<&str> = accepted.flat_map(|value| value.split(',')).collect();
        let weight = |kind: &str| media.iter().filter(|media| is_of(media, kind)).map(|media| quality(media)).max();
        let asked = weight("application/openmetrics-text").filter(|quality| *quality > 0);
        if asked.is_some() && asked >= weight("text/plain") { Self::OpenMetrics } else { Self::Text }
    }

    /// For the answer's head.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

fn is_of(media: &str, kind: &str) -> bool {
    media.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(kind))
}

/// The `q` of one entry in thousandths; 1 where it isn't said or can't be read.
fn quality(media: &str) -> u32 {
    let said = media.split(';').filter_map(|part| part.trim().strip_prefix("q=")).next();
    said.and_then(|text| text.parse::<f32>().ok()).map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u32)
}

/// A label's name and value.
pub(super) type Label = (&'static str, String);

/// Counts up to each bound, as one sample of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    /// (upper bound in seconds, how many were shorter), ascending; all of them are in `count`.
    pub(super) up_to: Vec<(f64, u64)>,
    pub(super) count: u64,
    pub(super) sum_seconds: f64,
}

/// The text so far.
#[derive(Debug)]
pub(super) struct Page {
    format: Format,
    text: String,
}

impl Page {
    pub(super) fn new(format: Format) -> Self {
        Self { format, text: String::new() }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.counters(name, help, [([], value)]);
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.gauges(name, help, [([], value)]);
    }

    pub(super) fn counters<const N: usize, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label; N], V)>,
    ) {
        let sampled = format!("lb_{name}_total");
        let named = if self.format == Format::Text { sampled.clone() } else { format!("lb_{name}") };
        let mut described = false;
        for (labels, value) in samples {
            self.describe_once(&mut described, &named, "counter", help);
            self.sample(&sampled, &labels, value);
        }
    }

    pub(super) fn gauges<const N: usize, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label; N], V)>,
    ) {
        let named = format!("lb_{name}");
        let mut described = false;
        for (labels, value) in samples {
            self.describe_once(&mut described, &named, "gauge", help);
            self.sample(&named, &labels, value);
        }
    }

    pub(super) fn histograms<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label; N], Counted)>,
    ) {
        let named = format!("lb_{name}");
        let mut described = false;
        for (labels, counted) in samples {
            self.describe_once(&mut described, &named, "histogram", help);
            let bucket = format!("{named}_bucket");
            let bounded = |bound: String| labels.iter().cloned().chain([("le", bound)]).collect::<Vec<_>>();
            for (bound, count) in &counted.up_to {
                self.sample(&bucket, &bounded(format!("{bound:?}")), count);
            }
            self.sample(&bucket, &bounded("+Inf".to_owned()), counted.count);
            self.sample(&format!("{named}_sum"), &labels, counted.sum_seconds);
            self.sample(&format!("{named}_count"), &labels, counted.count);
        }
    }

    fn describe_once(&mut self, described: &mut bool, name: &str, kind: &str, help: &str) {
        if !std::mem::replace(described, true) {
            self.line(format_args!("# HELP {name} {help}"));
            self.line(format_args!("# TYPE {name} {kind}"));
        }
    }

    fn sample(&mut self, name: &str, labels: &[Label], value: impl Display) {
        if labels.is_empty() {
            return self.line(format_args!("{name} {value}"));
        }
        let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        self.line(format_args!("{name}{{{}}} {value}", pairs.join(",")));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes any text");
    }
}

/// Names of backends hold no such character; what others tell us may.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests;
