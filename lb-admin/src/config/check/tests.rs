//! Tests of [`super`].

use super::*;

#[test]
fn status_codes_are_written_singly_as_ranges_and_by_their_hundreds() {
    for (text, good, bad) in [
        ("200-399", &[200, 204, 399][..], &[199, 400][..]),
        ("200,204", &[200, 204], &[201, 203]),
        ("2xx", &[200, 299], &[199, 300]),
        ("2xx, 301,401-403", &[299, 301, 402], &[300, 302, 404]),
        ("5xx", &[500, 599], &[499]),
    ] {
        let set: StatusSet = text.parse().expect(text);
        assert!(good.iter().all(|status| set.contains(*status)), "{text}");
        assert!(!bad.iter().any(|status| set.contains(*status)), "{text}");
    }
    let default = StatusSet::default();
    assert_eq!(Ok(default), "200-399".parse());
}

#[test]
fn what_is_no_set_of_status_codes_is_refused_with_examples() {
    for text in ["", "ok", "20", "2000", "099", "600", "399-200", "200-", "2x", "6xx", "xx", "200,,204", "+20", "é00"]
    {
        let error = text.parse::<StatusSet>().expect_err(text).to_string();
        assert!(error.contains("200-399, 200,204 or 2xx") && error.starts_with(&format!("'{text}'")), "{error}");
    }
}

#[test]
fn what_a_backend_says_of_its_own_goes_over_what_is_said_of_all() {
    let all = Check { port: Some(81), ..Check::new(CheckKind::Tcp) };
    assert_eq!(all.with(&OwnCheck::default()), all);
    let own = OwnCheck { asks: Some(CheckKind::Http("/up".into())), port: Some(82) };
    assert_eq!(all.with(&own), Check { asks: CheckKind::Http("/up".into()), port: Some(82), ..all });
}
