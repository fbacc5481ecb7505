//! The writer of canonical JSON: no tree, no allocation of its own.

use std::fmt::{self, Write as _};

use super::Sink;

/// A place for exactly one value: writing spends it.
///
/// ```
/// use wpc_model::canon::Writer;
/// let mut bytes = Vec::new();
/// Writer::new(&mut bytes).object(|policy| {
///     policy.member("max").integer(200);
///     policy.member("ops").array(|ops| ops.item().text("send"));
/// });
/// assert_eq!(bytes, br#"{"max":200,"ops":["send"]}"#);
/// ```
#[derive(Debug)]
#[must_use = "a member or an item without a value is not JSON"]
pub struct Writer<'s, S>(&'s mut S);

impl<'s, S: Sink> Writer<'s, S> {
    /// A place at the end of `sink`.
    #[inline]
    pub const fn new(sink: &'s mut S) -> Self {
        Self(sink)
    }

    /// `null`.
    pub fn null(self) {
        self.0.put(b"null");
    }

    /// `true` or `false`.
    pub fn bool(self, value: bool) {
        self.0.put(if value { b"true" } else { b"false" });
    }

    /// A whole number. The caller keeps it within ±[`crate::MAX_INTEGER`]; a greater one is
    /// written as it is, which every strict reader then refuses.
    pub fn integer(self, value: i64) {
        // A sink cannot fail.
        let _ = write!(Digits(self.0), "{value}");
    }

    /// A string (RFC 8785 section 3.2.2.2).
    #[inline]
    pub fn text(self, text: &str) {
        self.text_of(|whole| whole.part(text));
    }

    /// A string that is written in parts.
    #[inline]
    pub fn text_of(self, write: impl FnOnce(&mut TextWriter<'_, S>)) {
        self.0.put(b"\"");
        write(&mut TextWriter(self.0));
        self.0.put(b"\"");
    }

    /// An array.
    #[inline]
    pub fn array(self, write: impl FnOnce(&mut ArrayWriter<'_, S>)) {
        self.0.put(b"[");
        write(&mut ArrayWriter { sink: self.0, empty: true });
        self.0.put(b"]");
    }

    /// An array of strings, in the order given.
    pub fn texts<'t>(self, texts: impl IntoIterator<Item = &'t str>) {
        self.array(|array| texts.into_iter().for_each(|text| array.item().text(text)));
    }

    /// An object. Its members must be written in the order of their names (RFC 8785 section 3.2.3:
    /// by UTF-16 code units, which for names in ASCII is the order of their bytes).
    #[inline]
    pub fn object(self, write: impl FnOnce(&mut ObjectWriter<'_, S>)) {
        self.0.put(b"{");
        write(&mut ObjectWriter { sink: self.0, empty: true });
        self.0.put(b"}");
    }
}

/// Writes the parts of one string.
#[derive(Debug)]
pub struct TextWriter<'s, S>(&'s mut S);

impl<S: Sink> TextWriter<'_, S> {
    /// The next part.
    #[inline]
    pub fn part(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        if !rest.iter().fold(false, |found, &byte| found | is_special(byte)) {
            // Nearly every text, and this loop runs over many bytes at a time.
            return self.0.put(rest);
        }
        while let Some(at) = rest.iter().position(|&byte| is_special(byte)) {
            let Some((plain, [special, after @ ..])) = rest.split_at_checked(at) else { break };
            self.0.put(plain);
            self.escape(*special);
            rest = after;
        }
        self.0.put(rest);
    }

    #[cold]
    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.0.put(b"\\\""),
            b'\\' => self.0.put(b"\\\\"),
            0x08 => self.0.put(b"\\b"),
            b'\t' => self.0.put(b"\\t"),
            b'\n' => self.0.put(b"\\n"),
            0x0c => self.0.put(b"\\f"),
            b'\r' => self.0.put(b"\\r"),
            other => {
                // A sink cannot fail.
                let _ = write!(Digits(self.0), "\\u{other:04x}");
            }
        }
    }
}

/// Whether a byte is written as an escape.
#[inline]
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Writes the items of one array.
#[derive(Debug)]
pub struct ArrayWriter<'s, S> {
    sink: &'s mut S,
    empty: bool,
}

impl<S: Sink> ArrayWriter<'_, S> {
    /// The place of the next item.
    #[inline]
    pub fn item(&mut self) -> Writer<'_, S> {
        if !std::mem::replace(&mut self.empty, false) {
            self.sink.put(b",");
        }
        Writer(self.sink)
    }
}

/// Writes the members of one object, in the order of their names.
#[derive(Debug)]
pub struct ObjectWriter<'s, S> {
    sink: &'s mut S,
    empty: bool,
}

impl<S: Sink> ObjectWriter<'_, S> {
    /// The place of the next member's value.
    #[inline]
    pub fn member(&mut self, name: &str) -> Writer<'_, S> {
        self.sink.put(if std::mem::replace(&mut self.empty, false) { b"\"" } else { b",\"" });
        TextWriter(self.sink).part(name);
        self.sink.put(b"\":");
        Writer(self.sink)
    }
}

/// Formats into a sink.
struct Digits<'s, S>(&'s mut S);

impl<S: Sink> fmt::Write for Digits<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put(text.as_bytes());
        Ok(())
    }
}
