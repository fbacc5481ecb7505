//! A subject as text: `message_bytes`, `each tags`, `properties["k"]`, `recipients.size`.
//!
//! ```text
//! subject = [ "each " | "some " ] name *( "." name | "[" string "]" ) [ ".size" ]
//! name    = identifier, or a string where it is no identifier (or would read as `.size`)
//! string  = a canonical JSON string
//! ```

use crate::canon::{Sink, TextWriter, Writer};
use crate::{Quantifier, Step, Subject};

impl Subject {
    /// The subject as text, the only form that artifacts and messages have.
    ///
    /// ```
    /// use wpc_model::{Step, Subject};
    /// let subject = Subject { quantifier: None, name: "properties".into(), steps: vec![Step::Key("k".into())] };
    /// assert_eq!(subject.to_text(), r#"properties["k"]"#);
    /// assert_eq!(Subject::from_text(&subject.to_text()), Some(subject));
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        self.parts(|part| bytes.extend_from_slice(part.as_bytes()));
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Reads what [`Subject::to_text`] writes; refuses any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (quantifier, mut rest) = match (text.strip_prefix("each "), text.strip_prefix("some ")) {
            (Some(rest), _) => (Some(Quantifier::Each), rest),
            (_, Some(rest)) => (Some(Quantifier::Some), rest),
            _ => (None, text),
        };
        let name = name(&mut rest)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            steps.push(step(&mut rest)?);
        }
        let subject = Self { quantifier, name, steps };
        // One spelling: what reads the same must be the same.
        (subject.to_text() == text).then_some(subject)
    }

    /// Writes it into a canonical JSON string.
    pub(crate) fn write<S: Sink>(&self, to: &mut TextWriter<'_, S>) {
        self.parts(|part| to.part(part));
    }

    fn parts(&self, mut put: impl FnMut(&str)) {
        match self.quantifier {
            Some(Quantifier::Each) => put("each "),
            Some(Quantifier::Some) => put("some "),
            None => {}
        }
        put_name_of(&self.name, &mut put);
        for step in &self.steps {
            match step {
                Step::Size => put(".size"),
                Step::Field(field) => {
                    put(".");
                    put_name(field, is_identifier(field) && field != "size", &mut put);
                }
                Step::Key(key) => {
                    put("[");
                    put_name(key, false, &mut put);
                    put("]");
                }
            }
        }
    }
}

/// Writes the name of a tool, an action, an argument or a field.
pub(crate) fn put_name_of(name: &str, put: &mut impl FnMut(&str)) {
    put_name(name, is_identifier(name), put);
}

fn put_name(name: &str, plain: bool, put: &mut impl FnMut(&str)) {
    if plain {
        return put(name);
    }
    let mut quoted = Vec::new();
    Writer::new(&mut quoted).text(name);
    put(&String::from_utf8_lossy(&quoted));
}

/// A letter or `_`, then letters, digits and `_`; ASCII.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(is_identifier_byte)
}

const fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Takes an identifier or a string off the front.
pub(crate) fn name(rest: &mut &str) -> Option<String> {
    if rest.starts_with('"') {
        return string(rest);
    }
    let length = rest.bytes().take_while(|&byte| is_identifier_byte(byte)).count();
    let (name, after) = rest.split_at_checked(length)?;
    *rest = after;
    (!name.is_empty()).then(|| name.to_owned())
}

fn step(rest: &mut &str) -> Option<Step> {
    if let Some(after) = rest.strip_prefix('[') {
        *rest = after;
        let key = string(rest)?;
        *rest = rest.strip_prefix(']')?;
        return Some(Step::Key(key));
    }
    let mut after = rest.strip_prefix('.')?;
    let quoted = after.starts_with('"');
    let field = name(&mut after)?;
    *rest = after;
    Some(if field == "size" && !quoted { Step::Size } else { Step::Field(field) })
}

/// Takes a canonical JSON string off the front. Escapes that are not canonical may pass here:
/// the caller compares spellings.
fn string(rest: &mut &str) -> Option<String> {
    let mut chars = rest.strip_prefix('"')?.chars();
    let mut out = String::new();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => out.push(match chars.next()? {
                'b' => '\u{8}',
                't' => '\t',
                'n' => '\n',
                'f' => '\u{c}',
                'r' => '\r',
                'u' => {
                    let digits = chars.as_str().get(..4)?;
                    chars.nth(3)?;
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                plain @ ('"' | '\\') => plain,
                _ => return None,
            }),
            plain => out.push(plain),
        }
    }
    *rest = chars.as_str();
    Some(out)
}
