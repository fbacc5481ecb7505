//! One look at the bytes before the parser runs.
//!
//! Bounds the nesting, pairs brackets and quotes, refuses characters that policy text never
//! holds, and collects what the grammar skips: comments and blank lines. It agrees with
//! `wpc.pest` about where strings, back-quotes and comments begin and end; a bracket in them
//! counts for nothing, so that a `)` in a comment cannot hide a level of nesting.

use crate::limits::{MAX_MEMBERS, MAX_NESTING, too_deep, too_many};
use crate::literal::{is_control, is_hidden, is_letter};
use crate::syntax::{BlankLines, Comment};
use crate::{Loc, Span, SyntaxError, SyntaxErrorKind, foreign};

/// What the grammar skips and the printer needs.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// In source order.
    pub(crate) comments: Vec<Comment>,
    /// In source order.
    pub(crate) blank_lines: BlankLines,
}

/// Looks at the whole text.
///
/// # Errors
///
/// The first bracket that is too deep or has no partner, the first string or back-quote that is
/// not closed on its line, the first character that may not stand where it stands.
pub(crate) fn scan(text: &str) -> Result<Scanned, SyntaxError> {
    let mut scanner = Scanner { text, ..Scanner::default() };
    // A byte order mark may begin a file, as some editors write it.
    scanner.at = text.len() - without_mark(text).len();
    while let Some(byte) = scanner.byte(0) {
        scanner.step(byte)?;
    }
    scanner.finish()
}

/// `text` without the byte order mark that it may begin with.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A bracket that waits for its partner.
struct Frame {
    open: u8,
    at: usize,
    /// Blanks before the first sign of its line.
    indent: usize,
    /// Each `<` of a type inside this bracket and on this line.
    angles: u32,
}

#[derive(Default)]
struct Scanner<'i> {
    text: &'i str,
    at: usize,
    line_start: usize,
    /// Where the first sign of this line stands, once there is one.
    first_sign: Option<usize>,
    after_blank_line: bool,
    frames: Vec<Frame>,
    /// Of all frames together.
    angles: u32,
    /// Open `[` and `(`, and the commas since the outermost of them.
    lists: u32,
    members: u32,
    /// The first bracket whose partner stands further left than it should.
    suspect: Option<usize>,
    found: Scanned,
}

impl Scanner<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn step(&mut self, byte: u8) -> Result<(), SyntaxError> {
        match byte {
            b'\n' => self.newline(),
            b' ' | b'\t' => self.at += 1,
            b'\r' if self.byte(1) == Some(b'\n') => self.at += 1,
            _ => {
                let first = *self.first_sign.get_or_insert(self.at);
                self.sign(byte, first)?;
            }
        }
        Ok(())
    }

    fn newline(&mut self) {
        if self.first_sign.is_none() && !self.after_blank_line {
            self.found.blank_lines.0.push(offset(self.line_start));
        }
        self.after_blank_line = self.first_sign.is_none();
        self.first_sign = None;
        self.at += 1;
        self.line_start = self.at;
        self.end_of_types();
    }

    fn sign(&mut self, byte: u8, first: usize) -> Result<(), SyntaxError> {
        match byte {
            b'/' if self.byte(1) == Some(b'/') => return self.comment(first),
            b'"' => return self.string(1),
            b'`' => return self.quoted(),
            b'{' | b'[' | b'(' => self.open(byte, first)?,
            b'}' | b']' | b')' => self.close(byte, first)?,
            b'<' if self.byte(1) != Some(b'=') => self.angle()?,
            b'>' => self.close_angle(),
            b';' => self.end_of_types(),
            b',' => self.member()?,
            b'#' | b'\'' => return Err(foreign::character(char::from(byte), self.at)),
            b'/' if self.byte(1) == Some(b'*') => return Err(foreign::block_comment(self.at)),
            _ if byte.is_ascii_alphabetic() => return self.word(),
            _ if byte.is_ascii_control() || !byte.is_ascii() => return Err(self.odd_character()),
            _ => {}
        }
        self.at += 1;
        Ok(())
    }

    fn odd_character(&self) -> SyntaxError {
        let rest = self.text.get(self.at..).unwrap_or("");
        foreign::character(rest.chars().next().unwrap_or_default(), self.at)
    }

    /// A run of letters; `r` before a quote begins a raw string.
    fn word(&mut self) -> Result<(), SyntaxError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(b"r\"") {
            return self.string(2);
        }
        self.at += rest.iter().take_while(|&&byte| is_letter(byte)).count();
        Ok(())
    }

    /// A comment or a `///` line.
    fn comment(&mut self, first: usize) -> Result<(), SyntaxError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or(rest);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some((at, char)) = line.char_indices().find(|&(_, char)| is_hidden(char)) {
            return Err(foreign::hidden(char, self.at + at));
        }
        if !line.starts_with("///") || line.starts_with("////") {
            let text = line.trim_end();
            let loc = Loc(span(self.at, self.at + text.len()));
            // A `;` alone is not printed, so nothing would stand before the comment.
            let before = self.text.get(first..self.at).unwrap_or("");
            let trailing = before.contains(|char| !matches!(char, ';' | ' ' | '\t'));
            self.found.comments.push(Comment { text: text.to_owned(), trailing, loc });
        }
        self.at += line.len();
        Ok(())
    }

    /// A string whose opening is `open` bytes long.
    fn string(&mut self, open: usize) -> Result<(), SyntaxError> {
        let rest = self.text.get(self.at + open..).unwrap_or("");
        let mut escaped = false;
        for (at, char) in rest.char_indices() {
            let here = self.at + open + at;
            match char {
                '\n' => return Err(unclosed_text(self.at, open, here)),
                '\r' if rest.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => {}
                '"' if !escaped => {
                    self.at = here + 1;
                    return Ok(());
                }
                _ if is_control(char) => return Err(foreign::hidden_in_text(char, here)),
                _ => {}
            }
            escaped = open == 1 && char == '\\' && !escaped;
        }
        Err(unclosed_text(self.at, open, self.text.len()))
    }

    /// A word between back-quotes.
    fn quoted(&mut self) -> Result<(), SyntaxError> {
        let rest = self.text.get(self.at + 1..).unwrap_or("");
        for (at, char) in rest.char_indices() {
            let here = self.at + 1 + at;
            match char {
                '`' => {
                    self.at = here + 1;
                    return Ok(());
                }
                '\n' | '\r' => return Err(unclosed_word(self.at, here)),
                ' '..='~' => {}
                _ => return Err(foreign::character(char, here)),
            }
        }
        Err(unclosed_word(self.at, self.text.len()))
    }

    fn open(&mut self, open: u8, first: usize) -> Result<(), SyntaxError> {
        self.frames.push(Frame { open, at: self.at, indent: first - self.line_start, angles: 0 });
        if open != b'{' {
            self.members = if self.lists == 0 { 0 } else { self.members };
            self.lists += 1;
        }
        self.check_depth()
    }

    fn close(&mut self, close: u8, first: usize) -> Result<(), SyntaxError> {
        let here = span(self.at, self.at + 1);
        let Some(frame) = self.frames.pop() else {
            return Err(SyntaxError::new(
                SyntaxErrorKind::Unopened,
                here,
                format!("found `{}`, which closes nothing", char::from(close)),
                "no bracket is open here",
            )
            .help("remove it, or look for a bracket that is closed too early above"));
        };
        self.angles -= frame.angles;
        self.lists -= u32::from(frame.open != b'{');
        let expected = partner(frame.open);
        if close != expected {
            let open = char::from(frame.open);
            return Err(SyntaxError::new(
                SyntaxErrorKind::Unclosed,
                here,
                format!("found `{}`, expected `{}`", char::from(close), char::from(expected)),
                format!("`{}` is missing before this", char::from(expected)),
            )
            .also(span(frame.at, frame.at + 1), format!("this `{open}` is not closed"))
            .help(format!("write `{}` where the `{open}` ends", char::from(expected))));
        }
        if first == self.at && first - self.line_start < frame.indent {
            self.suspect.get_or_insert(frame.at);
        }
        Ok(())
    }

    /// One more member of a list: the parser holds a whole list, so memory is bounded here.
    fn member(&mut self) -> Result<(), SyntaxError> {
        self.members += u32::from(self.lists > 0);
        if self.members >= MAX_MEMBERS { Err(too_many(span(self.at, self.at + 1))) } else { Ok(()) }
    }

    fn angle(&mut self) -> Result<(), SyntaxError> {
        if let Some(frame) = self.frames.last_mut() {
            frame.angles += 1;
            self.angles += 1;
        }
        self.check_depth()
    }

    fn close_angle(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && frame.angles > 0
        {
            frame.angles -= 1;
            self.angles -= 1;
        }
    }

    /// A type does not go on after this: a `<` that is still open was a comparison.
    fn end_of_types(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            self.angles -= frame.angles;
            frame.angles = 0;
        }
    }

    fn check_depth(&self) -> Result<(), SyntaxError> {
        let depth = self.frames.len().saturating_add(self.angles as usize);
        if depth > MAX_NESTING as usize { Err(too_deep(span(self.at, self.at + 1))) } else { Ok(()) }
    }

    fn finish(self) -> Result<Scanned, SyntaxError> {
        let Some(frame) = self.frames.last() else { return Ok(self.found) };
        let (open, close) = (char::from(frame.open), char::from(partner(frame.open)));
        let end = self.text.trim_end().len();
        let error = SyntaxError::new(
            SyntaxErrorKind::Unclosed,
            span(end, end),
            format!("found the end of the file, expected `{close}`"),
            format!("`{close}` is missing"),
        );
        Err(match self.suspect {
            Some(at) => {
                error.also(span(at, at + 1), "by the indentation, this one is not closed").help(format!(
                    "close the bracket that is still open, or indent its `{close}` like the line that opens it"
                ))
            }
            None => error
                .also(span(frame.at, frame.at + 1), format!("this `{open}` is not closed"))
                .help(format!("write `{close}` where the `{open}` ends")),
        })
    }
}

fn partner(open: u8) -> u8 {
    match open {
        b'{' => b'}',
        b'[' => b']',
        _ => b')',
    }
}

fn unclosed_text(start: usize, open: usize, end: usize) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::Unclosed,
        span(end, end),
        "found the end of the line, expected `\"`",
        "the text is not closed",
    )
    .also(span(start, start + open), "it begins here")
    .help("close the text on its line; write `\\n` for a line break in it")
}

fn unclosed_word(start: usize, end: usize) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::Unclosed,
        span(end, end),
        "found the end of the line, expected a back-quote",
        "the name is not closed",
    )
    .also(span(start, start + 1), "it begins here")
    .help("close the name on its line")
}

/// Bytes `start..end`; a scanned source is far shorter than `u32::MAX`.
pub(crate) fn span(start: usize, end: usize) -> Span {
    Span::new(offset(start), offset(end))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
