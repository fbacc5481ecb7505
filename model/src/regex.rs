//! The patterns of `matches`: the regular expressions on whose meaning all engines agree.
//!
//! ```text
//! alternation = sequence *( "|" sequence )
//! sequence    = *( atom [ "*" / "+" / "?" / "{n}" / "{n,}" / "{n,m}" ] )
//! atom        = character / "." / "\" escaped / "[" [ "^" ] 1*( item [ "-" item ] ) "]"
//!             / "(" [ "?:" ] alternation ")"
//! escaped     = "n" / "r" / "t" / ASCII punctuation
//! ```
//!
//! A pattern matches the whole value, `.` is any character, newline included. What engines read
//! differently, or need more than linear time for, is refused: anchors, `\b`, `\d` and other named
//! classes, flags, look-around, back-references, lazy and possessive repetition, class operators.

use std::fmt;

/// Longest pattern of `matches`, in bytes.
pub const MAX_REGEX_BYTES: usize = 1_000;

/// Greatest number in a repetition.
const MAX_REPEAT: u32 = 1_000;

/// Most memory that a compiled pattern may take, in bytes: what bounds its time per character.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// Deepest nesting of groups.
const MAX_GROUPS: u32 = 32;

/// A pattern that is ready to match.
#[derive(Clone, Debug)]
pub struct Regex(regex_lite::Regex);

impl Regex {
    /// Compiles a pattern that [`check_regex`] accepts.
    ///
    /// ```
    /// use wpc_model::Regex;
    /// let tag = Regex::new("v[0-9]+(\\.[0-9]+)*").unwrap();
    /// assert!(tag.matches("v1.20") && !tag.matches("v1.20\n"));
    /// ```
    #[must_use]
    pub fn new(pattern: &str) -> Option<Self> {
        check_regex(pattern).ok()?;
        compile(pattern).map(Self)
    }

    /// Whether it matches the whole of `text`, in time linear in the length of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn compile(pattern: &str) -> Option<regex_lite::Regex> {
    regex_lite::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .ok()
}

/// Why a text is no pattern of `matches`, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RegexError {
    /// The first byte that is wrong, from 0.
    pub at: usize,
    /// How many bytes are wrong; 0 at the end of the pattern.
    pub length: usize,
    /// What it is, as in "found …".
    pub found: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has {} at byte {}", self.found, self.at)
    }
}

impl std::error::Error for RegexError {}

/// Checks a pattern of `matches`.
///
/// # Errors
///
/// [`RegexError`] with the first thing that is wrong.
pub fn check_regex(pattern: &str) -> Result<(), RegexError> {
    if pattern.len() > MAX_REGEX_BYTES {
        let instead = "write several rules, or compare a part of the value";
        return Err(RegexError { at: 0, length: pattern.len(), found: "more than 1000 bytes", instead });
    }
    let mut reader = Reader { pattern, rest: pattern, groups: 0 };
    reader.alternation()?;
    if !reader.rest.is_empty() {
        return Err(reader.wrong(1, "a `)` without its `(`", "write `\\)` for the character"));
    }
    if compile(pattern).is_none() {
        let instead = "repeat less, or write several rules";
        return Err(RegexError { at: 0, length: pattern.len(), found: "too many repetitions", instead });
    }
    Ok(())
}

struct Reader<'p> {
    pattern: &'p str,
    rest: &'p str,
    groups: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    /// The next `length` bytes are wrong.
    fn wrong(&self, length: usize, found: &'static str, instead: &'static str) -> RegexError {
        let at = self.pattern.len().saturating_sub(self.rest.len());
        RegexError { at, length: length.min(self.rest.len()), found, instead }
    }

    fn alternation(&mut self) -> Result<(), RegexError> {
        loop {
            self.sequence()?;
            if !self.take("|") {
                return Ok(());
            }
        }
    }

    fn sequence(&mut self) -> Result<(), RegexError> {
        while let Some(next) = self.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            self.atom(next)?;
            self.repetition()?;
        }
        Ok(())
    }

    fn atom(&mut self, next: char) -> Result<(), RegexError> {
        match next {
            '(' => self.group(),
            '[' => self.class(),
            '\\' => self.escape().map(|_| ()),
            '^' | '$' => Err(self.wrong(
                1,
                "an anchor",
                "remove it: a pattern matches the whole value; write a backslash before it for the character",
            )),
            '*' | '+' | '?' => {
                Err(self.wrong(1, "a repetition of nothing", "write a backslash before it for the character"))
            }
            '{' | '}' | ']' => Err(self.wrong(
                1,
                "a bracket that opens nothing",
                "write a backslash before it for the character",
            )),
            other => {
                self.rest = self.rest.get(other.len_utf8()..).unwrap_or_default();
                Ok(())
            }
        }
    }

    fn group(&mut self) -> Result<(), RegexError> {
        let open = self.rest;
        self.take("(");
        if self.rest.starts_with('?') && !self.take("?:") {
            self.rest = open;
            return Err(self.wrong(3, "a flag, a name or look-around", "write `(` or `(?:` alone"));
        }
        self.groups = self.groups.saturating_add(1);
        if self.groups > MAX_GROUPS {
            return Err(self.wrong(1, "groups more than 32 deep", "write a flatter pattern"));
        }
        self.alternation()?;
        self.groups = self.groups.saturating_sub(1);
        if self.take(")") {
            return Ok(());
        }
        self.rest = open;
        Err(self.wrong(1, "a `(` without its `)`", "close it, or write `\\(` for the character"))
    }

    fn escape(&mut self) -> Result<char, RegexError> {
        let start = self.rest;
        self.take("\\");
        let (found, instead) = match self.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some(plain) if plain.is_ascii_punctuation() && !matches!(plain, '<' | '>') => {
                return Ok(plain);
            }
            Some('d' | 'D') => ("a class that engines read differently", "write `[0-9]` or `[^0-9]`"),
            Some('w' | 'W') => ("a class that engines read differently", "write `[A-Za-z0-9_]`"),
            Some('s' | 'S') => ("a class that engines read differently", "write the characters, as `[ \\t]`"),
            Some('p' | 'P') => ("a Unicode class", "write the characters, as `[A-Za-z]`"),
            Some('b' | 'B' | 'A' | 'z' | 'Z' | 'G' | '<' | '>') => {
                ("an anchor", "remove it: a pattern matches the whole value")
            }
            Some('0'..='9') => ("a back-reference", "write the group out again"),
            Some(_) => ("an escape that engines read differently", "write the character itself"),
            None => ("a `\\` that escapes nothing", "write `\\\\` for a backslash"),
        };
        let length = start.len().saturating_sub(self.rest.len());
        self.rest = start;
        Err(self.wrong(length, found, instead))
    }

    fn class(&mut self) -> Result<(), RegexError> {
        let open = self.rest;
        self.take("[");
        self.take("^");
        let mut empty = true;
        while !self.take("]") {
            let from = self.item(open)?;
            empty = false;
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.take("-");
                let to = self.item(open)?;
                if from > to {
                    self.rest = open;
                    return Err(self.wrong(1, "a range that ends before it begins", "swap its ends"));
                }
            }
        }
        if empty {
            self.rest = open;
            return Err(self.wrong(2, "an empty class", "name the characters"));
        }
        Ok(())
    }

    /// One character of a class.
    fn item(&mut self, open: &str) -> Result<char, RegexError> {
        for operator in ["&&", "--", "~~", "||", "[:", "[=", "[."] {
            if self.rest.starts_with(operator) {
                let found = "an operator that engines read differently";
                return Err(self.wrong(2, found, "name the characters, with a backslash before punctuation"));
            }
        }
        match self.peek() {
            Some('\\') => self.escape(),
            Some('[' | ']' | '^') => {
                Err(self.wrong(1, "a bracket or `^` inside of a class", "write a backslash before it"))
            }
            Some(plain) => {
                self.next();
                Ok(plain)
            }
            None => {
                let at = self.pattern.len().saturating_sub(open.len());
                let instead = "close it, or write `\\[` for the character";
                Err(RegexError { at, length: 1, found: "a `[` without its `]`", instead })
            }
        }
    }

    fn repetition(&mut self) -> Result<(), RegexError> {
        let before = self.rest;
        match self.peek() {
            Some('*' | '+' | '?') => drop(self.next()),
            Some('{') => self.counted()?,
            Some(_) | None => return Ok(()),
        }
        if !self.rest.starts_with(['*', '+', '?', '{']) {
            return Ok(());
        }
        let length = before.len().saturating_sub(self.rest.len()).saturating_add(1);
        self.rest = before;
        Err(self.wrong(
            length,
            "a repetition of a repetition",
            "write it once: whether it is greedy means nothing here; put a group between two that are meant",
        ))
    }

    /// `{n}`, `{n,}`, `{n,m}`.
    fn counted(&mut self) -> Result<(), RegexError> {
        let open = self.rest;
        let inside = open.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|number| digits && *number <= MAX_REPEAT)
        };
        let counts = inside.and_then(|(inside, rest)| {
            let (least, most) = match inside.split_once(',') {
                Some((least, "")) => (number(least)?, MAX_REPEAT),
                Some((least, most)) => (number(least)?, number(most)?),
                None => (number(inside)?, number(inside)?),
            };
            (least <= most).then_some(rest)
        });
        match counts {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => {
                let length = inside.map_or(1, |(inside, _)| inside.len().saturating_add(2));
                let instead = "write `{2}`, `{2,}` or `{2,5}`, at most 1000, or `\\{` for the character";
                Err(self.wrong(length, "a repetition that cannot be counted", instead))
            }
        }
    }
}
