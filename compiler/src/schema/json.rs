//! JSON with places (RFC 8259), strictly: no key twice, no fractions, bounded depth.
//!
//! The compiler is behind the macros, which no crate for JSON is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wpc_model::MAX_INTEGER;
use wpc_model::canon::Json;

/// Deepest nesting; schemas may have less.
const MAX_DEPTH: u32 = 64;

/// A value and where its parts stand.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) json: Json,
    places: BTreeMap<String, Places>,
}

/// Bytes from 0: the first, and how many.
type Bytes = (usize, usize);

#[derive(Clone, Copy, Debug)]
struct Places {
    /// Of the member's name, if it is one.
    name: Option<Bytes>,
    value: Bytes,
}

/// Text is not such JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Error {
    pub(super) at: usize,
    pub(super) length: usize,
    /// As in "found …".
    pub(super) found: &'static str,
    pub(super) instead: &'static str,
}

impl Read {
    /// Where a part stands, by its JSON pointer after a `#`: its value, or the name under which it stands.
    pub(super) fn place(&self, pointer: &str, of_name: bool) -> Bytes {
        let Some(places) = self.places.get(pointer) else { return (0, 0) };
        places.name.filter(|_| of_name).unwrap_or(places.value)
    }
}

/// Reads one value and nothing after it.
pub(super) fn read(text: &str) -> Result<Read, Error> {
    let mut reader = Reader { text, at: 0, depth: 0, pointer: "#".to_owned(), places: BTreeMap::new() };
    reader.space();
    let json = reader.value(None)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong(1, "something after the value", "keep one value in the file"));
    }
    Ok(Read { json, places: reader.places })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    pointer: String,
    places: BTreeMap<String, Places>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_there = self.rest().starts_with(wanted);
        if is_there {
            self.at += wanted.len();
        }
        is_there
    }

    fn space(&mut self) {
        let spaces = self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.at += spaces.count();
    }

    fn wrong(&self, length: usize, found: &'static str, instead: &'static str) -> Error {
        let length = self.rest().chars().take(length).map(char::len_utf8).sum();
        Error { at: self.at, length, found, instead }
    }

    fn value(&mut self, name: Option<Bytes>) -> Result<Json, Error> {
        let start = self.at;
        let json = match self.peek() {
            Some('{') => self.nested(Self::object)?,
            Some('[') => self.nested(Self::array)?,
            Some('"') => Json::Text(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some(_) if self.take("true") => Json::Bool(true),
            Some(_) if self.take("false") => Json::Bool(false),
            Some(_) if self.take("null") => Json::Null,
            Some(_) => return Err(self.wrong(1, "something that begins no value", "write JSON")),
            None => return Err(self.wrong(0, "an end where a value is due", "write JSON")),
        };
        self.places.insert(self.pointer.clone(), Places { name, value: (start, self.at - start) });
        Ok(json)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, Error>) -> Result<Json, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.wrong(1, "brackets more than 64 deep", "write a flatter schema"));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let json = read(self)?;
        self.depth -= 1;
        Ok(json)
    }

    /// A part of the value that is being read.
    fn part(&mut self, step: &str, name: Option<Bytes>) -> Result<Json, Error> {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(step);
        let value = self.value(name);
        self.pointer.truncate(length);
        value
    }

    fn object(&mut self) -> Result<Json, Error> {
        let mut members = BTreeMap::new();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            let start = self.at;
            if self.peek() != Some('"') {
                return Err(self.wrong(1, "something that is no name", "write a name between `\"`"));
            }
            let name = self.string()?;
            let place = (start, self.at - start);
            if members.contains_key(&name) {
                let (found, instead) = ("a name twice in an object", "keep one of them");
                return Err(Error { at: start, length: place.1, found, instead });
            }
            self.space();
            if !self.take(":") {
                return Err(self.wrong(1, "no `:` after a name", "write one"));
            }
            self.space();
            let step = name.replace('~', "~0").replace('/', "~1");
            let value = self.part(&step, Some(place))?;
            members.insert(name, value);
            self.space();
            if self.take("}") {
                return Ok(Json::Object(members));
            }
            self.comma("neither `,` nor `}` after a member")?;
        }
    }

    fn array(&mut self) -> Result<Json, Error> {
        let mut items = Vec::new();
        if self.take("]") {
            return Ok(Json::Array(items));
        }
        loop {
            let mut step = String::new();
            // A string cannot fail.
            let _ = write!(step, "{}", items.len());
            items.push(self.part(&step, None)?);
            self.space();
            if self.take("]") {
                return Ok(Json::Array(items));
            }
            self.comma("neither `,` nor `]` after an item")?;
        }
    }

    fn comma(&mut self, found: &'static str) -> Result<(), Error> {
        if !self.take(",") {
            return Err(self.wrong(1, found, "close it, or write a comma"));
        }
        self.space();
        Ok(())
    }

    fn number(&mut self) -> Result<Json, Error> {
        let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let length = self.rest().chars().take_while(|c| part(*c)).count();
        let written = self.rest().get(..length).unwrap_or_default();
        let digits = written.strip_prefix('-').unwrap_or(written);
        let error = |found, instead| Err(Error { at: self.at, length, found, instead });
        if digits.contains(['.', 'e', 'E']) {
            let instead = "write whole numbers: readers disagree about fractions";
            return error("a number with a fraction or an exponent", instead);
        }
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
            return error("a number that is not written as numbers are", "write digits");
        }
        match written.parse::<i64>() {
            Ok(number) if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) => {
                self.at += length;
                Ok(Json::Integer(number))
            }
            Ok(_) | Err(_) => {
                error("a number beyond 2^53 - 1", "write a number that every reader holds exactly")
            }
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(next) = self.peek() else {
                let (found, instead) = ("a string that is never closed", "write `\"` at its end");
                return Err(Error { at: open, length: 1, found, instead });
            };
            match next {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape()?),
                '\0'..='\x1f' => {
                    return Err(self.wrong(1, "a control character in a string", "write it as an escape"));
                }
                plain => {
                    text.push(plain);
                    self.at += plain.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let kind = self.rest().chars().nth(1);
        let plain = match kind {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            Some(_) | None => {
                return Err(self.wrong(2, "a `\\` that begins no escape", "write `\\\\` for the character"));
            }
        };
        self.at += 2;
        Ok(plain)
    }

    /// `\u0041`, or two of them for a character beyond the first plane.
    fn unicode(&mut self) -> Result<char, Error> {
        let unit = |at: usize| {
            let digits = self.text.get(at.checked_add(2)?..at.checked_add(6)?)?;
            let marked = self.text.get(at..)?.starts_with("\\u");
            let digits = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
            u32::from_str_radix(digits.filter(|_| marked)?, 16).ok()
        };
        let wrong = self.wrong(6, "an escape that is no character", "write four hexadecimal digits");
        let first = unit(self.at).ok_or(wrong)?;
        let (code, length) = if (0xd800..0xdc00).contains(&first) {
            let second = unit(self.at.saturating_add(6)).filter(|unit| (0xdc00..0xe000).contains(unit));
            let low = second.ok_or(wrong)? - 0xdc00;
            (0x1_0000 + ((first - 0xd800) << 10) + low, 12)
        } else {
            (first, 6)
        };
        let read = char::from_u32(code).ok_or(wrong)?;
        self.at += length;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_without_fractions_is_read() {
        let text = " {\"a\": [1, -2, true, null, \"\\u00e9\\ud83d\\ude00/\\n\"], \"b/c~\": {}}\n";
        let read = read(text).unwrap();
        let wanted = "{\"a\":[1,-2,true,null,\"\u{e9}\u{1f600}/\\n\"],\"b/c~\":{}}";
        assert_eq!(String::from_utf8(read.json.encode()).unwrap(), wanted);
        assert_eq!(read.place("#/a/1", false), (11, 2));
        assert_eq!(read.place("#/b~1c~0", true), (53, 6));
        assert_eq!(read.place("#", false), (1, text.len() - 2));
    }

    #[test]
    fn what_is_none_is_refused_where_it_is() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("[1 2]", 3),
            ("[1,]", 3),
            ("{\"a\": 1, \"a\": 2}", 9),
            ("{\"a\" 1}", 5),
            ("{a: 1}", 1),
            ("1.5", 0),
            ("1e3", 0),
            ("01", 0),
            ("-", 0),
            ("9007199254740992", 0),
            ("\"a", 0),
            ("\"\\x\"", 1),
            ("\"\\ud800\"", 1),
            ("\"\\u+041\"", 1),
            ("\"\t\"", 1),
            ("1 1", 2),
            ("nul", 0),
            ("\u{feff}1", 0),
        ] {
            assert_eq!(read(text).map(|_| ()).map_err(|error| error.at), Err(at), "{text}");
        }
        assert_eq!(read(&"[".repeat(65)).unwrap_err().at, 64);
    }
}
