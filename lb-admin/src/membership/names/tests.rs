//! Tests of [`super`].

use std::collections::HashSet;

use super::*;

#[test]
fn hostnames_are_what_the_contract_says() {
    for good in ["S1", "3", "a", "Server_1", "a.b-c", &"x".repeat(63)] {
        assert!(is_hostname(good), "{good}");
    }
    for bad in ["", ".", "..", "-S1", "_S1", ".hidden", "a/b", "a b", "ä", "S1\n", "S1\0", &"x".repeat(64)] {
        assert!(!is_hostname(bad), "{bad:?}");
    }
}

#[test]
fn a_pattern_needs_a_number_and_gives_hostnames() {
    for good in ["S{n}", "{n}", "new_S{n}", "server_{n}.local"] {
        assert_eq!(check_pattern(good), Ok(()), "{good}");
    }
    assert_eq!(check_pattern("S"), Err(PatternError::NoNumber("S".into())));
    for bad in ["/{n}", "-{n}", "a b{n}", &format!("{}{{n}}", "x".repeat(60))] {
        assert_eq!(check_pattern(bad), Err(PatternError::NotHostnames(bad.into())), "{bad}");
    }
}

#[test]
fn made_up_names_have_six_digits_and_never_come_twice() {
    let mut maker = NameMaker::new("S{n}".into());
    let mut rng = fastrand::Rng::with_seed(7);
    let names: HashSet<_> = (0..5000).map(|_| maker.make_up(&mut rng)).collect();
    assert_eq!(names.len(), 5000);
    for name in names {
        let digits = name.strip_prefix('S').expect("the pattern's own letter");
        assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    }
}

#[test]
fn a_name_that_a_user_took_is_never_made_up() {
    let mut maker = NameMaker::new("{n}".into());
    maker.digits = 1;
    for taken in ["0", "1", "2", "3", "5", "6", "7", "8", "9"] {
        maker.note(&taken.into());
    }
    assert_eq!(&*maker.make_up(&mut fastrand::Rng::with_seed(1)), "4");
}

#[test]
fn when_half_of_the_numbers_are_gone_names_get_longer() {
    let mut maker = NameMaker::new("{n}".into());
    maker.digits = 1;
    let mut rng = fastrand::Rng::with_seed(1);
    let names: Vec<_> = (0..6).map(|_| maker.make_up(&mut rng)).collect();
    assert!(names[..5].iter().all(|name| name.len() == 1) && names[5].len() == 2, "{names:?}");
}

#[test]
fn the_newest_names_are_remembered_in_their_order() {
    let mut maker = NameMaker::new("{n}".into());
    let names: Vec<Arc<str>> = (0..=REMEMBERED_MAX).map(|n| format!("S{n}").into()).collect();
    names.iter().for_each(|name| maker.note(name));
    maker.note(&names[1]);
    assert_eq!(maker.used().len(), REMEMBERED_MAX);
    assert!(!maker.is_used("S0") && maker.is_used("S1"));
    assert_eq!(maker.used().back(), names.last());
}

#[test]
fn a_long_bad_name_is_cut_in_the_error() {
    assert_eq!(shown("S1"), "S1");
    assert_eq!(shown(&"ä".repeat(500)).chars().count(), SHOWN_CHARS_MAX + 1);
}
