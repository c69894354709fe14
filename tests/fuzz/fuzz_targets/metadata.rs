#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pyaday_tests::targets::metadata(input));
