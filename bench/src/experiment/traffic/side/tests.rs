//! Two ends with nothing between them agree; one that gets something else complains.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::super::plan::{End, Plan, Wire};
use super::super::tally::Tally;
use super::{Buffers, run};
use crate::load::test_server::on_one_thread;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let addr = listener.local_addr().expect("a bound listener has an address");
    let (client, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
    (client.expect("it connects"), accepted.expect("it is accepted").0)
}

/// The first plan that is as wanted.
fn plan(wanted: impl Fn(&Plan) -> bool) -> Plan {
    (0..100_000).map(|id| Plan::new(9, id)).find(wanted).expect("one of so many is")
}

async fn end(plan: &Plan, end: End, stream: TcpStream, tally: &Tally) -> Result<(), String> {
    let run = async { run(plan, end, stream, (&[], &[]), &mut Buffers::new(), tally).await };
    timeout(Duration::from_secs(20), run).await.expect("it is done in time")
}

#[test]
fn two_ends_of_one_plan_have_nothing_to_complain_about_aborted_or_not() {
    on_one_thread(async {
        let tally = Tally::default();
        for id in 0..200 {
            let plan = Plan::new(9, id);
            let (client, backend) = pair().await;
            let ends = tokio::join!(end(&plan, End::Client, client, &tally), end(&plan, End::Backend, backend, &tally));
            assert_eq!(ends, (Ok(()), Ok(())), "connection {id}");
        }
        let sums = tally.sums();
        assert!(sums.aborts > 20 && sums.resets > 10 && sums.clean_ends == 0, "{sums:?}");
    });
}

#[test]
fn bytes_of_another_connection_are_seen() {
    on_one_thread(async {
        let whole = |plan: &Plan| plan.abort.is_none() && !plan.waits(End::Client) && !plan.waits(End::Backend);
        let (one, tally) = (plan(whole), Tally::default());
        let other = Plan::new(10, 1);
        let (client, mut backend) = pair().await;
        let mut bytes = [0; 32];
        other.sent_by(End::Backend).0.fill(0, &mut bytes);
        backend.write_all(&bytes).await.expect("it is sent");
        backend.shutdown().await.expect("it ends");
        let said = end(&one, End::Client, client, &tally).await;
        assert!(said.as_ref().is_err_and(|said| said.contains("wrong or another's")), "{said:?}");
    });
}

#[test]
fn a_reset_that_became_a_clean_end_is_seen() {
    on_one_thread(async {
        let by_backend =
            |plan: &Plan| plan.abort_of(End::Backend).is_some_and(|after| after > 8) && !plan.waits(End::Client);
        let (one, tally) = (plan(by_backend), Tally::default());
        let (client, mut backend) = pair().await;
        let mut bytes = [0; 8];
        one.sent_by(End::Backend).0.fill(0, &mut bytes);
        backend.write_all(&bytes).await.expect("it is sent");
        backend.shutdown().await.expect("it ends");
        let said = end(&one, End::Client, client, &tally).await;
        assert_eq!((said, tally.sums().clean_ends), (Ok(()), 1));
    });
}

/// Connection 5610 of seed 8 was called wrong for it.
#[test]
fn the_fronts_own_answer_is_known_also_where_its_first_byte_is_the_right_one() {
    on_one_thread(async {
        let one = plan(|plan| {
            let mut first = [0];
            plan.sent_by(End::Backend).0.fill(0, &mut first);
            first == *b"H" && plan.wire == Wire::Http && plan.abort_of(End::Backend).is_some()
        });
        let tally = Tally::default();
        let (client, mut front) = pair().await;
        front.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.expect("it is sent");
        front.shutdown().await.expect("it ends");
        assert_eq!((end(&one, End::Client, client, &tally).await, tally.sums().answered_by_front), (Ok(()), 1));
    });
}
