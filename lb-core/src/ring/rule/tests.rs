//! The bounds of every rule: what is refused, and what it says.

use super::*;

const RING: Rule = Rule::Ring { vnodes: VNODES_DEFAULT };
const ASSIGNMENT: Rule = Rule::Assignment { probing: Probing::Linear };

fn refused(rule: Rule, slots: u32) -> String {
    RingConfig::new(rule, Some(slots), 0).unwrap_err().to_string()
}

#[test]
fn the_default_slot_counts_fit_their_rules() {
    for (rule, slots) in [(Rule::Rendezvous, 65_536), (RING, 65_536), (Rule::Maglev, 65_537), (ASSIGNMENT, 512)] {
        assert_eq!(RingConfig::new(rule, None, 0).unwrap().slots(), slots, "{rule}");
    }
}

#[test]
fn a_slot_count_out_of_bounds_is_refused() {
    for rule in [Rule::Rendezvous, RING] {
        assert_eq!(refused(rule, 0), "--slots 0: must be from 1 to 1048576");
        assert_eq!(refused(rule, SLOTS_MAX + 1), "--slots 1048577: must be from 1 to 1048576");
        assert!(RingConfig::new(rule, Some(1), 0).is_ok());
        assert!(RingConfig::new(rule, Some(SLOTS_MAX), 0).is_ok());
    }
}

#[test]
fn maglev_needs_a_prime() {
    for slots in [0, 1, 4, 65_536, 65_539 * 3, 1_048_583, u32::MAX] {
        let refused = refused(Rule::Maglev, slots);
        assert_eq!(refused, format!("--slots {slots}: maglev needs a prime below 1048576, such as 65537 or 655373"));
    }
    for slots in [2, 3, 5, 251, 65_537, 655_373, 1_048_573] {
        assert!(RingConfig::new(Rule::Maglev, Some(slots), 0).is_ok(), "{slots}");
    }
}

#[test]
fn assignment_needs_a_power_of_two() {
    for slots in [0, 8, 500, 513, 2_097_152, u32::MAX] {
        let refused = refused(ASSIGNMENT, slots);
        assert_eq!(refused, format!("--slots {slots}: assignment needs a power of two from 16 to 1048576"));
    }
    for slots in [16, 512, 1_048_576] {
        assert!(RingConfig::new(ASSIGNMENT, Some(slots), 0).is_ok(), "{slots}");
    }
}

#[test]
fn the_vnodes_have_bounds() {
    for vnodes in [0, VNODES_MAX + 1] {
        let refused = RingConfig::new(Rule::Ring { vnodes }, None, 0).unwrap_err();
        assert_eq!(refused.to_string(), format!("--vnodes {vnodes}: must be from 1 to 10000"));
    }
    assert!(RingConfig::new(Rule::Ring { vnodes: 1 }, None, 0).is_ok());
}

#[test]
fn only_under_assignment_digits_are_numbers() {
    for (rule, expected) in [(Rule::Rendezvous, false), (RING, false), (Rule::Maglev, false), (ASSIGNMENT, true)] {
        assert_eq!(RingConfig::new(rule, None, 0).unwrap().digits_are_numbers(), expected, "{rule}");
    }
}
