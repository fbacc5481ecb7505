//! Policies, from text to bytes and Rust.

use wpc_compiler::{Colour, Compiled, Parameters, Source, compile as read, emit, render_all};
use wpc_model::{Hash, decode, encode};

/// What compiles encodes and decodes to itself, is the same policy when it is printed and compiled
/// again, and becomes Rust; what does not has a problem that can be drawn.
///
/// # Panics
///
/// Only if that does not hold.
pub fn compile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = Source::new("fuzz.wpc", text);
    match read(&source, &Parameters::new()) {
        Ok(compiled) => holds(&compiled, &source),
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            drop(render_all(&problems, &source, Colour::Plain));
        }
    }
}

fn holds(compiled: &Compiled, source: &Source) {
    let policy = &compiled.policy;
    let bytes = encode(policy);
    assert_eq!(decode(&bytes).as_ref(), Ok(policy), "not the policy that was encoded");
    assert_eq!(policy.hash(), Hash::of(&bytes), "a hash that is not the payload's");
    drop(render_all(&compiled.warnings, source, Colour::Plain));
    drop(emit::rust(compiled, &emit::Options::default()));
    let printed = wpc_grammar::parse(source).map(|file| wpc_grammar::print(&file));
    let again = printed.map(|printed| read(&Source::new("printed.wpc", printed), &Parameters::new()));
    let hash = again.map(|again| again.map(|again| again.policy.hash()).map_err(|problems| problems.len()));
    assert_eq!(hash, Ok(Ok(policy.hash())), "formatting changed the policy");
}
