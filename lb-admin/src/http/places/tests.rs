//! Who makes room, and who never does.

use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// Longer than anything here takes; reached only where a test fails.
const SOON: Duration = Duration::from_secs(30);

/// Holds a place until it is taken away, or until the test says so.
fn hold(place: Place) -> (Spot, oneshot::Sender<()>, JoinHandle<bool>) {
    let (end, ended) = oneshot::channel();
    let spot = place.spot();
    let held = tokio::spawn(async move {
        let mut was_its_own = false;
        let life = async {
            let _told = ended.await;
            was_its_own = true;
        };
        place.hold(life).await;
        was_its_own
    });
    (spot, end, held)
}

#[tokio::test]
async fn the_one_that_has_waited_longest_makes_room() {
    let places = Places::new(2);
    let first = hold(places.take().await);
    let second = hold(places.take().await);
    let third = hold(timeout(SOON, places.take()).await.expect("the first makes room"));
    assert!(!first.2.await.unwrap());
    // The second has had an answer: the third waits longer now.
    second.0.busy();
    second.0.waits();
    let _fourth = hold(timeout(SOON, places.take()).await.expect("the third makes room"));
    assert!(!third.2.await.unwrap());
    second.1.send(()).unwrap();
    assert!(second.2.await.unwrap(), "ended by itself");
}

#[tokio::test(start_paused = true)]
async fn who_is_busy_is_never_closed_and_the_newcomer_waits_for_it() {
    let places = Places::new(1);
    let (spot, _end, held) = hold(places.take().await);
    spot.busy();
    let newcomer = places.take();
    tokio::pin!(newcomer);
    assert!(timeout(Duration::from_secs(3600), newcomer.as_mut()).await.is_err());
    assert!(!held.is_finished());
    // Its answer is there: now it is idle, and makes room.
    spot.waits();
    timeout(SOON, newcomer).await.expect("it makes room");
    assert!(!held.await.unwrap());
}

#[tokio::test]
async fn a_place_given_back_goes_to_the_newcomer_and_nobody_is_closed() {
    let places = Places::new(2);
    let (spot, end, held) = hold(places.take().await);
    let other = hold(places.take().await);
    spot.busy();
    other.0.busy();
    let newcomer = places.take();
    tokio::pin!(newcomer);
    assert!(futures_pending(newcomer.as_mut()).await);
    end.send(()).unwrap();
    timeout(SOON, newcomer).await.expect("there is one");
    assert!(held.await.unwrap() && !other.2.is_finished());
}

async fn futures_pending<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    tokio::select! {
        biased;
        _ = future => false,
        () = std::future::ready(()) => true,
    }
}

#[tokio::test(start_paused = true)]
async fn all_are_free_when_all_have_ended() {
    let places = Places::new(3);
    let held = [hold(places.take().await), hold(places.take().await)];
    held.into_iter().for_each(|(_, end, _)| end.send(()).unwrap());
    places.all_free(SOON).await;
    assert_eq!(places.free.available_permits(), 3);
    assert!(places.crowd.waiting().since.is_empty(), "nobody is left in the order");
}

proptest! {
    #[test]
    fn the_order_is_that_of_the_last_entry(steps in proptest::collection::vec((0usize..8, 0u8..3), 1..200)) {
        let mut waiting = Waiting::new();
        // The plain form of the same: a list, longest first.
        let mut list: Vec<(usize, u64)> = Vec::new();
        for (who, what) in steps {
            let at = list.iter().position(|(other, _)| *other == who);
            match what {
                0 => {
                    if let Some(at) = at {
                        waiting.leave(list.remove(at).1);
                    }
                    list.push((who, waiting.enter(who)));
                }
                1 => at.into_iter().for_each(|at| waiting.leave(list.remove(at).1)),
                _ => {
                    let expected = (!list.is_empty()).then(|| list.remove(0).0);
                    prop_assert_eq!(waiting.take_longest(), expected);
                }
            }
            prop_assert_eq!(waiting.since.len(), list.len());
        }
    }
}
