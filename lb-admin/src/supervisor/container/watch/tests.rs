//! Tests of `watch`: what follows from a list and from events, without an engine.

use std::collections::HashMap;

use super::*;

fn watch() -> Arc<Watch> {
    let engine = Arc::new(Engine::from_environment());
    let removals = Removals::new(Arc::clone(&engine));
    Watch::new(engine, removals, "lb.instance=me".to_owned(), "now".to_owned())
}

fn listed(id: &str, condition: Condition) -> Listed {
    let labels = HashMap::from([("lb.replica".to_owned(), "1".to_owned())]);
    Listed { id: id.to_owned(), labels, condition }
}

fn facts(receiver: &mut mpsc::UnboundedReceiver<(Fact, Instant)>) -> Vec<Fact> {
    std::iter::from_fn(|| receiver.try_recv().ok()).map(|(fact, _)| fact).collect()
}

#[test]
fn a_list_says_what_lost_events_should_have_said() {
    let watch = watch();
    let mut heard = watch.register("a");
    let later = Instant::now() + Duration::from_secs(1);
    watch.conclude(&[listed("a", Condition::Running)], later);
    assert_eq!(facts(&mut heard), [], "nothing new");
    watch.conclude(&[listed("a", Condition::Paused)], later);
    watch.conclude(&[listed("a", Condition::Paused)], later);
    watch.conclude(&[listed("a", Condition::Running)], later);
    watch.conclude(&[listed("a", Condition::Ended)], later);
    watch.conclude(&[], later);
    assert_eq!(facts(&mut heard), [Fact::Paused, Fact::Unpaused, Fact::Died], "each once, nothing after the end");
}

#[test]
fn a_container_that_is_not_in_the_list_is_gone_unless_it_is_younger_than_the_list() {
    let watch = watch();
    let asked_at = Instant::now();
    let mut heard = watch.register("a");
    watch.conclude(&[], asked_at);
    assert_eq!(facts(&mut heard), []);
    watch.conclude(&[], Instant::now() + Duration::from_secs(1));
    assert_eq!(facts(&mut heard), [Fact::Removed]);
}

#[test]
fn one_that_is_created_and_not_yet_started_is_not_dead() {
    let watch = watch();
    let mut heard = watch.register("a");
    watch.conclude(&[listed("a", Condition::Created)], Instant::now() + Duration::from_secs(1));
    assert_eq!(facts(&mut heard), []);
}

#[test]
fn an_event_and_the_list_that_confirms_it_are_one_fact() {
    let watch = watch();
    let mut heard = watch.register("a");
    let event = |what| Event { id: "a".into(), what, at: Instant::now() };
    watch.note(&event(Happening::Paused));
    watch.conclude(&[listed("a", Condition::Paused)], Instant::now() + Duration::from_secs(1));
    watch.note(&event(Happening::Died));
    watch.note(&event(Happening::Removed));
    assert_eq!(facts(&mut heard), [Fact::Paused, Fact::Died]);
}
