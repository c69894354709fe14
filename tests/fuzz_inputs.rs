//! What was found worth keeping holds still: the inputs in `corpus/`, and small changes of them.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use pyaday_tests::targets::{self, Target};

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn every_input_of_the_corpus_passes_its_fuzz_target() {
    for (name, target) in targets::ALL {
        let inputs = inputs(name);
        assert!(inputs.len() >= 10, "{name} has {} inputs", inputs.len());
        inputs.iter().for_each(|input| target(input));
    }
}

/// A change of an input: a part of it replaced by a part of another.
fn changed(inputs: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let input = prop::sample::select(inputs);
    let index = any::<prop::sample::Index>;
    let bytes = prop::collection::vec(any::<u8>(), 0..4);
    (input.clone(), input, bytes, index(), index(), index()).prop_map(
        |(into, from, bytes, at, start, end)| {
            let (start, end) = (start.index(from.len() + 1), end.index(from.len() + 1));
            let part = &from[start.min(end)..start.max(end)];
            let at = at.index(into.len() + 1);
            let rest = (at + part.len()).min(into.len());
            [&into[..at], part, &bytes, &into[rest..]].concat()
        },
    )
}

#[test]
fn mutations_of_the_corpus_pass_their_fuzz_targets() {
    for (name, target) in targets::ALL {
        let mut runner = TestRunner::new_with_rng(
            Config { cases: 2_000, failure_persistence: None, ..Config::default() },
            TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        );
        let held = runner.run(&changed(inputs(name)), |input| {
            target(&input);
            Ok(())
        });
        assert!(held.is_ok(), "{name}: {held:?}");
    }
}

/// The control: a target that does not hold is found out.
#[test]
fn a_broken_fuzz_target_is_detected() {
    let broken: Target = |input| assert!(!input.contains(&b'"'));
    let found = inputs("conditions")
        .iter()
        .any(|input| std::panic::catch_unwind(|| broken(input)).is_err());
    assert!(found);
}
