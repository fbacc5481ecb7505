//! Tests that look into texts, and parts of addresses.

use std::sync::OnceLock;

use wpc_model::{Cidr, Part, Truth, is_under_domain, is_under_path, part};

use super::Found;

/// A part of an e-mail address or url that is a text.
#[must_use]
pub fn text_part<'a>(address: &'a str, name: &str) -> Found<&'a str> {
    match part(address, name) {
        Some(Part::Text(text)) => Found::Value(text),
        Some(Part::Number(_)) | None => Found::Unclear,
    }
}

/// The port of a url.
#[must_use]
pub fn port(url: &str, name: &str) -> Found<i64> {
    match part(url, name) {
        Some(Part::Number(port)) => Found::Value(port),
        Some(Part::Text(_)) | None => Found::Unclear,
    }
}

/// `under domain`: one of `of`, or a subdomain of one.
#[must_use]
pub fn under_domain(host: &str, of: &[&str]) -> Truth {
    Truth::of(of.iter().any(|of| is_under_domain(host, of)))
}

/// `under path`: one of `of`, or below one.
#[must_use]
pub fn under_path(path: &str, of: &[&str]) -> Truth {
    Truth::of(of.iter().any(|of| is_under_path(path, of)))
}

/// The pattern of a `matches`, compiled when it is first asked.
#[derive(Debug)]
pub struct Regex {
    written: &'static str,
    compiled: OnceLock<Option<wpc_model::Regex>>,
}

impl Regex {
    /// A pattern that the compiler has checked.
    #[must_use]
    pub const fn new(written: &'static str) -> Self {
        Self { written, compiled: OnceLock::new() }
    }

    /// Whether it matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> Truth {
        let compiled = self.compiled.get_or_init(|| wpc_model::Regex::new(self.written));
        compiled.as_ref().map_or(Truth::Unknown, |regex| Truth::of(regex.matches(text)))
    }
}

/// The blocks of a `within cidr`, read when they are first asked.
#[derive(Debug)]
pub struct Blocks {
    written: &'static [&'static str],
    read: OnceLock<Vec<Cidr>>,
}

impl Blocks {
    /// Blocks that the compiler has checked.
    #[must_use]
    pub const fn new(written: &'static [&'static str]) -> Self {
        Self { written, read: OnceLock::new() }
    }

    /// Whether one of them holds `ip`.
    #[must_use]
    pub fn contain(&self, ip: &str) -> Truth {
        let read = || self.written.iter().filter_map(|block| Cidr::parse(block)).collect();
        Truth::of(self.read.get_or_init(read).iter().any(|block| block.contains(ip)))
    }
}
