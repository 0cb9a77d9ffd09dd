//! Tests of [`super`].

use super::*;
use crate::config::CheckKind;

fn container(name: &str, labels: &[(&str, &str)]) -> Facts {
    let labels = [("lb.enable", "true")].iter().chain(labels);
    Facts {
        name: name.to_owned(),
        labels: labels.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        runs: true,
        exposed_tcp: vec![80],
        addresses: [("bridge".to_owned(), [172, 17, 0, 2].into())].into(),
        ..Facts::default()
    }
}

fn one(facts: Facts) -> Result<StaticBackend, String> {
    let (backends, mut reasons) = backends(&[facts], "net1");
    assert_eq!(backends.len() + reasons.len(), 1);
    backends.into_iter().next().ok_or_else(|| reasons.remove(0))
}

#[test]
fn a_labelled_container_is_a_backend_as_its_labels_say() {
    assert_eq!(one(container("web", &[])), Ok(StaticBackend::new("web", "172.17.0.2:80")));
    let labels = [("lb.port", "81"), ("lb.weight", "1.5"), ("lb.check", "/up"), ("lb.name", "w1")];
    let backend = one(container("web", &labels)).expect("a backend");
    assert_eq!(
        (backend.name.as_str(), backend.host.as_str(), backend.weight.thousandths()),
        ("w1", "172.17.0.2:81", 1500)
    );
    assert_eq!(backend.check.asks, Some(CheckKind::Http("/up".into())));
}

#[test]
fn the_address_is_that_on_our_network_else_that_on_its_first() {
    let mut both = container("web", &[]);
    both.addresses.insert("net1".to_owned(), [10, 0, 0, 9].into());
    assert_eq!(one(both).expect("a backend").host, "10.0.0.9:80");
    let mut six = container("web", &[]);
    six.addresses = [("a".to_owned(), "fd00::2".parse().expect("an address"))].into();
    assert_eq!(one(six).expect("a backend").host, "[fd00::2]:80");
}

#[test]
fn a_published_port_counts_only_where_the_network_is_out_of_reach() {
    let published = Facts { on_loopback: [(80, 8080)].into(), ..container("web", &[]) };
    assert_eq!(one(published.clone()).expect("a backend").host, "172.17.0.2:80");
    let far = Facts { far: ["bridge".to_owned()].into(), ..published };
    assert_eq!(one(far.clone()).expect("a backend").host, "127.0.0.1:8080");
    let other_port = Facts { on_loopback: [(443, 8443)].into(), ..far };
    assert_eq!(one(other_port).expect("a backend").host, "172.17.0.2:80");
}

#[test]
fn only_those_that_run_are_enabled_and_are_not_our_own_replicas_are_looked_at() {
    let stopped = Facts { runs: false, ..container("a", &[]) };
    let off = container("b", &[("lb.enable", "false")]);
    let ours = container("c", &[("lb.managed", "true")]);
    assert_eq!(backends(&[stopped, off, ours], "net1"), (vec![], vec![]));
}

#[test]
fn labels_that_do_not_fit_leave_one_out_with_a_reason_and_nobody_else() {
    let no_port = Facts { exposed_tcp: vec![80, 443], ..container("web", &[]) };
    let nowhere = Facts { addresses: BTreeMap::new(), ..container("web", &[]) };
    for (facts, why) in [
        (no_port, "exposes 2 TCP ports: set lb.port"),
        (nowhere, "has no address"),
        (container("web", &[("lb.port", "0")]), "lb.port '0': must be 1 to 65535"),
        (container("web", &[("lb.weight", "0")]), "lb.weight: weight 0"),
        (container("web", &[("lb.check", "up")]), "lb.check 'up'"),
        (container("web", &[("lb.name", "-x")]), "'-x' is no name"),
    ] {
        let reason = one(facts).expect_err(why);
        assert!(reason.starts_with("container web: ") && reason.contains(why), "{reason}");
    }
    let (found, reasons) =
        backends(&[container("a", &[]), container("b", &[("lb.name", "a")]), container("c", &[])], "x");
    assert_eq!(found.iter().map(|backend| &*backend.name).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(reasons, ["container b: the name 'a' is taken"]);
}
