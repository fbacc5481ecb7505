//! What the compiler of a tool's developer says: every compile-time promise, with its exact words.
//!
//! `TRYBUILD=overwrite cargo test -p wpc-tests-ui` writes the answers anew.

#[test]
fn every_promise_is_kept_with_its_words() {
    let cases = trybuild::TestCases::new();
    cases.pass("accepted/*.rs");
    cases.compile_fail("refused/*.rs");
}
