//! Arbitrary trees: every kind of node, small, and only such as some text stands for.

mod interface;
mod item;
mod statement;
mod value;

use proptest::collection::vec;
use proptest::prelude::*;
use wpc_grammar::Loc;
use wpc_grammar::syntax::{Doc, Ident, Text};

pub(crate) use item::file;

/// No place: what equality ignores.
pub(crate) fn nowhere() -> Loc {
    Loc::default()
}

fn plain(text: &str) -> Ident {
    Ident { text: text.to_owned(), quoted: false, loc: nowhere() }
}

fn quoted() -> impl Strategy<Value = Ident> {
    let text = prop_oneof![
        Just("any".to_owned()),
        Just("true".to_owned()),
        Just("when".to_owned()),
        Just("create-issue".to_owned()),
        "[ -_a-~]{1,8}",
    ];
    text.prop_map(|text| Ident { text, quoted: true, loc: nowhere() })
}

/// Words that are keywords somewhere and names everywhere else.
const KEYWORDS: [&str; 14] = [
    "to", "from", "when", "per", "of", "at", "as", "class", "result", "approval", "limit", "allow", "expect",
    "r",
];

/// A name without keywords.
fn simple() -> impl Strategy<Value = Ident> {
    prop_oneof![
        6 => prop::sample::select(vec!["a", "b2", "send", "queue", "message_bytes", "Z_9_"]).prop_map(plain),
        1 => quoted(),
    ]
}

/// A name where keywords are names too.
fn ident() -> impl Strategy<Value = Ident> {
    prop_oneof![4 => simple(), 1 => prop::sample::select(KEYWORDS.to_vec()).prop_map(plain)]
}

/// A policy's name.
fn name() -> impl Strategy<Value = Ident> {
    prop::sample::select(vec!["a", "orders-staging", "any", "a--", "policy"]).prop_map(plain)
}

fn text() -> impl Strategy<Value = Text> {
    let value = prop_oneof![
        2 => prop::sample::select(vec!["", "orders", "a\"b\\c", "line\nbreak\ttab", "// no comment", "\u{202e}\u{7f}"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    (value, any::<bool>()).prop_map(|(value, raw)| {
        let raw = raw && !value.chars().any(|char| char == '"' || (char.is_control() && char != '\t'));
        Text { value, raw, loc: nowhere() }
    })
}

fn docs() -> impl Strategy<Value = Vec<Doc>> {
    let text =
        prop::sample::select(vec!["", "Says what it is for.", " indented", "/ slash", "// two", "ünïcode"]);
    vec(text.prop_map(|text| Doc { text: text.to_owned(), loc: nowhere() }), 0..3)
}

/// Nothing, mostly; sometimes up to three.
fn few<T: std::fmt::Debug>(each: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(each, 0..4)
}

/// One, two or three.
fn some<T: std::fmt::Debug>(each: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(each, 1..4)
}

fn maybe<T: std::fmt::Debug>(each: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(each)
}
