//! The two forms, byte by byte, and who gets which.

use axum::http::HeaderValue;

use super::*;

fn wanted(accept: Option<&'static str>) -> Format {
    let named = accept.map(|accept| (ACCEPT, HeaderValue::from_static(accept)));
    Format::wanted(&HeaderMap::from_iter(named))
}

#[test]
fn openmetrics_is_for_those_who_name_it_and_prefer_nothing_else() {
    assert_eq!(wanted(None), Format::Text);
    assert_eq!(wanted(Some("*/*")), Format::Text);
    assert_eq!(wanted(Some("text/html, text/plain;q=0.5")), Format::Text);
    assert_eq!(wanted(Some("application/openmetrics-text; version=1.0.0")), Format::OpenMetrics);
    assert_eq!(wanted(Some("application/openmetrics-text;q=0.2, text/plain;q=0.9")), Format::Text);
    assert_eq!(wanted(Some("application/openmetrics-text;q=0")), Format::Text);
    assert_eq!(wanted(Some("text/plain;q=0.5,Application/OpenMetrics-Text;version=1.0.0;q=0.8")), Format::OpenMetrics);
}

fn example(format: Format) -> String {
    let mut page = Page::new(format);
    page.counters("things", "How many", [([("reason", "a \"b\"\n\\".to_owned())], 7)]);
    page.counters("absent", "None", std::iter::empty::<([Label; 0], u64)>());
    page.gauge("load", "Now", 0.5);
    let counted = Counted { up_to: vec![(0.25, 1), (10.0, 2)], count: 3, sum_seconds: 40.5 };
    page.histograms("wait_seconds", "Waits", [([("backend", "S1".to_owned())], counted)]);
    page.finish()
}

const LOAD_AND_WAIT: &str = "# HELP lb_load Now\n\
    # TYPE lb_load gauge\n\
    lb_load 0.5\n\
    # HELP lb_wait_seconds Waits\n\
    # TYPE lb_wait_seconds histogram\n\
    lb_wait_seconds_bucket{backend=\"S1\",le=\"0.25\"} 1\n\
    lb_wait_seconds_bucket{backend=\"S1\",le=\"10.0\"} 2\n\
    lb_wait_seconds_bucket{backend=\"S1\",le=\"+Inf\"} 3\n\
    lb_wait_seconds_sum{backend=\"S1\"} 40.5\n\
    lb_wait_seconds_count{backend=\"S1\"} 3\n";

#[test]
fn the_plain_text_names_a_counter_as_its_samples_are_named() {
    let counter = "# HELP lb_things_total How many\n\
        # TYPE lb_things_total counter\n\
        lb_things_total{reason=\"a \\\"b\\\"\\n\\\\\"} 7\n";
    assert_eq!(example(Format::Text), format!("{counter}{LOAD_AND_WAIT}"));
}

#[test]
fn openmetrics_names_it_without_total_and_says_where_it_ends() {
    let counter = "# HELP lb_things How many\n\
        # TYPE lb_things counter\n\
        lb_things_total{reason=\"a \\\"b\\\"\\n\\\\\"} 7\n";
    assert_eq!(example(Format::OpenMetrics), format!("{counter}{LOAD_AND_WAIT}# EOF\n"));
}
