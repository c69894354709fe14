//! Facts about names.

use proptest::prelude::*;
use pyaday_core::{NormalizedName, PackageName};

fn normalized(name: &str) -> String {
    name.parse::<NormalizedName>().unwrap().as_str().to_owned()
}

/// The examples of the PyPA's specification of name normalisation.
#[test]
fn the_pypa_examples_are_one_name() {
    for spelling in [
        "friendly-bard",
        "Friendly-Bard",
        "FRIENDLY-BARD",
        "friendly.bard",
        "friendly_bard",
        "friendly--bard",
        "FrIeNdLy-._.-bArD",
    ] {
        assert_eq!(normalized(spelling), "friendly-bard");
    }
}

/// Their lower or upper case is an ASCII letter, so a pattern that folds case takes them.
#[test]
fn the_three_letters_that_fold_to_ascii_are_refused() {
    for name in ["\u{212a}", "pac\u{212a}age", "fla\u{17f}k", "\u{131}mport", "p\u{131}p"] {
        assert!(name.parse::<PackageName>().is_err(), "{name}");
        assert!(name.parse::<NormalizedName>().is_err(), "{name}");
    }
}

#[test]
fn a_name_begins_and_ends_with_a_letter_or_digit() {
    for name in ["", "-", ".", "_a", "a_", "-a", "a-", "a.", "flask\n", "\nflask", " flask", "a b"]
    {
        assert!(name.parse::<PackageName>().is_err(), "{name:?}");
    }
    for name in ["a", "0", "A.b", "a__b", "0-0", "x-._y"] {
        assert_eq!(name.parse::<PackageName>().unwrap().as_str(), name);
    }
}

#[test]
fn a_name_has_at_most_255_bytes() {
    assert!("a".repeat(255).parse::<PackageName>().is_ok());
    assert!("a".repeat(256).parse::<PackageName>().is_err());
}

#[test]
fn a_refused_name_is_reported_with_the_rule() {
    let message = |name: &str| name.parse::<PackageName>().unwrap_err().to_string();
    assert_eq!(message(""), "must not be empty");
    assert_eq!(message("a b"), "must consist of ASCII letters, digits, `.`, `_` and `-` only");
    assert_eq!(message("-a"), "must begin and end with an ASCII letter or digit");
    assert_eq!(message(&"a".repeat(256)), "must be at most 255 characters long");
}

/// PEP 503 in the words of its own reference: `re.sub(r"[-_.]+", "-", name).lower()`.
fn reference(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c),
        }
    }
    out.to_lowercase()
}

proptest! {
    #[test]
    fn normalisation_is_that_of_pep_503(name in "[A-Za-z0-9]([A-Za-z0-9._-]{0,40}[A-Za-z0-9])?") {
        prop_assert_eq!(normalized(&name), reference(&name));
        let spelled: PackageName = name.parse().unwrap();
        prop_assert_eq!(spelled.as_str(), &name);
    }

    #[test]
    fn normalisation_is_idempotent(name in "[A-Za-z0-9]([A-Za-z0-9._-]{0,40}[A-Za-z0-9])?") {
        let once = normalized(&name);
        prop_assert_eq!(normalized(&once), once);
    }

    #[test]
    fn a_text_is_accepted_as_a_name_exactly_when_the_format_says(name in r"[a-zA-Z0-9._\-\n\x00 é\u{17f}\u{131}\u{212a}/]{0,8}") {
        let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let valid = alphanumeric(name.chars().next())
            && alphanumeric(name.chars().last())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        prop_assert_eq!(name.parse::<PackageName>().is_ok(), valid);
        prop_assert_eq!(name.parse::<NormalizedName>().is_ok(), valid);
    }
}
