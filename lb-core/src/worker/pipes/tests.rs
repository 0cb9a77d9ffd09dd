//! The pool's bound, what comes back into it and what must not.

use std::rc::Rc;

use super::*;
use crate::net::linux::Linux;
use crate::net::splice;
use crate::outcome::Filled;

const PAGE: usize = 4096;

fn kernel() -> Linux {
    Linux::new(mio::Poll::new().unwrap().registry().try_clone().unwrap())
}

#[test]
fn no_more_are_lent_than_there_may_be() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 2);
    let one = pipes.take(&kernel, 0).unwrap();
    let _other = pipes.take(&kernel, 0).unwrap();
    assert!(pipes.take(&kernel, 0).is_none());
    pipes.give_back(one);
    assert!(pipes.take(&kernel, 0).is_some());
}

/// FAULTS D12: a stranger's bytes must not come out of a pipe.
#[test]
fn a_pipe_with_bytes_in_it_never_returns_to_the_pool() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 1);
    let empty = pipes.take(&kernel, 0).unwrap();
    pipes.give_back(empty);
    assert_eq!(pipes.free.len(), 1);
    let mut full = pipes.take(&kernel, 0).unwrap();
    full.held = 3;
    pipes.give_back(full);
    assert!(pipes.free.is_empty(), "it is closed");
    assert!(pipes.take(&kernel, 0).is_some(), "and its place is free");
}

#[test]
fn only_a_few_are_kept_for_reuse() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 2 * POOLED_MAX);
    let lent: Vec<_> = (0..2 * POOLED_MAX).map(|_| pipes.take(&kernel, 0).unwrap()).collect();
    lent.into_iter().for_each(|loan| pipes.give_back(loan));
    assert_eq!(pipes.free.len(), POOLED_MAX);
}

/// FAULTS fact 7, O10: the kernel may refuse a pipe of the size that is wanted. No kernel makes one of 2^40 bytes.
#[test]
fn a_refused_size_is_no_pipe_and_is_not_asked_for_again_at_once() {
    let kernel = Rc::new(kernel());
    let mut pipes = Pipes::new(1 << 40, 4);
    assert!(pipes.take(&*kernel, 10).is_none());
    pipes.bytes = PAGE;
    assert!(pipes.take(&*kernel, 11).is_none(), "each refusal costs three calls");
    assert!(pipes.take(&*kernel, 10 + REFUSED_FOR_MS).is_some());
}

/// Half of what all may hold goes into large ones, the rest into small ones: no more than was promised in all.
#[test]
fn large_ones_are_lent_first_and_all_together_hold_no_more() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 16).with_large(4 * PAGE);
    let mut lent: Vec<_> = std::iter::from_fn(|| pipes.take(&kernel, 0)).collect();
    let sizes: Vec<_> = lent.iter().map(|loan| loan.bytes as usize / PAGE).collect();
    assert_eq!(sizes, [4, 4, 1, 1, 1, 1, 1, 1, 1, 1]);
    pipes.give_back(lent.remove(0));
    pipes.give_back(lent.pop().unwrap());
    assert_eq!(pipes.take(&kernel, 0).unwrap().bytes as usize, 4 * PAGE, "the large one again");
    assert_eq!(pipes.take(&kernel, 0).unwrap().bytes as usize, PAGE);
    assert!(pipes.take(&kernel, 0).is_none());
}

/// An unprivileged user's pipes can't grow beyond /proc/sys/fs/pipe-max-size, nor anybody's to 2^40 bytes.
#[test]
fn where_the_kernel_refuses_large_ones_there_are_small_ones() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 1 << 30).with_large(1 << 40);
    assert_eq!(pipes.take(&kernel, 0).unwrap().bytes as usize, PAGE);
}

#[test]
fn what_goes_into_a_pipe_can_be_taken_out_again() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 1);
    let loan = pipes.take(&kernel, 0).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = listener.accept().unwrap().0;
    std::io::Write::write_all(&mut peer, b"hello").unwrap();
    stream.peek(&mut [0; 5]).unwrap();
    stream.set_nonblocking(true).unwrap();
    let stream = mio::net::TcpStream::from_std(stream);
    assert_eq!(splice::fill(&stream, &loan.pipe, PAGE), Ok(Filled::Bytes { count: 5, short: false }));
    let mut out = [0; 8];
    assert_eq!(kernel.take_out(&loan.pipe, &mut out), 5);
    assert_eq!(&out[..5], b"hello");
    assert_eq!(kernel.take_out(&loan.pipe, &mut out), 0);
}

#[test]
fn without_a_session_none_is_kept() {
    let kernel = kernel();
    let mut pipes = Pipes::new(PAGE, 1);
    let loan = pipes.take(&kernel, 0).unwrap();
    pipes.give_back(loan);
    pipes.let_go();
    assert!(pipes.free.is_empty() && pipes.take(&kernel, 0).is_some());
}
