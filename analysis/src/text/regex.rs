//! A pattern of `matches` as an automaton: the grammar is that of `wpc_model::check_regex`.

use super::pattern::Token;

/// Most tokens of an automaton.
const MAX_TOKENS: usize = 4_000;

/// The tokens of a pattern, the first one first; `None` if it is too large, or no pattern.
pub(super) fn tokens(pattern: &str) -> Option<Vec<Token>> {
    wpc_model::check_regex(pattern).ok()?;
    let mut reader = Reader { rest: pattern };
    let mut tokens = reader.alternation()?;
    tokens.push(Token::End);
    (tokens.len() <= MAX_TOKENS).then_some(tokens)
}

/// Reads pieces whose jumps are relative to the whole: a piece is moved when it is put behind others.
struct Reader<'p> {
    rest: &'p str,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next();
        self.rest = characters.as_str();
        next
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn alternation(&mut self) -> Option<Vec<Token>> {
        let mut all = self.sequence()?;
        while self.take("|") {
            all = either(all, self.sequence()?)?;
        }
        Some(all)
    }

    fn sequence(&mut self) -> Option<Vec<Token>> {
        let mut all = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let atom = self.atom()?;
            all = then(all, &self.repeated(atom)?)?;
        }
        Some(all)
    }

    fn atom(&mut self) -> Option<Vec<Token>> {
        if self.take("(") {
            self.take("?:");
            let inner = self.alternation()?;
            return self.take(")").then_some(inner);
        }
        if self.take("[") {
            return self.class().map(|class| vec![class]);
        }
        Some(vec![match self.next()? {
            '.' => Token::One,
            '\\' => Token::Char(self.escaped()?),
            plain => Token::Char(plain),
        }])
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            plain => plain,
        })
    }

    fn class(&mut self) -> Option<Token> {
        let wanted = !self.take("^");
        let mut ranges = Vec::new();
        while !self.take("]") {
            let from = self.item()?;
            let to = if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.take("-");
                self.item()?
            } else {
                from
            };
            ranges.push((from, to));
        }
        Some(Token::Class(ranges, wanted))
    }

    fn item(&mut self) -> Option<char> {
        match self.next()? {
            '\\' => self.escaped(),
            plain => Some(plain),
        }
    }

    fn repeated(&mut self, atom: Vec<Token>) -> Option<Vec<Token>> {
        if self.take("*") {
            return any(atom);
        }
        if self.take("+") {
            return then(atom.clone(), &any(atom)?);
        }
        if self.take("?") {
            return either(atom, Vec::new());
        }
        if !self.take("{") {
            return Some(atom);
        }
        let (counts, rest) = self.rest.split_once('}')?;
        self.rest = rest;
        let (least, most) = match counts.split_once(',') {
            Some((least, most)) => (least.parse::<u32>().ok()?, Some(most).filter(|most| !most.is_empty())),
            None => (counts.parse().ok()?, Some(counts)),
        };
        let mut all = Vec::new();
        for _ in 0..least {
            all = then(all, &atom)?;
        }
        let Some(most) = most else { return then(all, &any(atom)?) };
        let mut tail = Vec::new();
        for _ in least..most.parse::<u32>().ok()? {
            tail = either(then(atom.clone(), &tail)?, Vec::new())?;
        }
        then(all, &tail)
    }
}

/// One piece behind another.
fn then(mut one: Vec<Token>, other: &[Token]) -> Option<Vec<Token>> {
    let by = u32::try_from(one.len()).ok()?;
    if one.len().checked_add(other.len())? > MAX_TOKENS {
        return None;
    }
    for token in other {
        one.push(if let Token::Jump(to) = token {
            Token::Jump(to.iter().map(|to| to.checked_add(by)).collect::<Option<_>>()?)
        } else {
            token.clone()
        });
    }
    Some(one)
}

/// One piece or the other.
fn either(one: Vec<Token>, other: Vec<Token>) -> Option<Vec<Token>> {
    let second = u32::try_from(one.len()).ok()?.checked_add(2)?;
    let end = second.checked_add(u32::try_from(other.len()).ok()?)?;
    let first = then(vec![Token::Jump(vec![1, second])], &one)?;
    then(first.into_iter().chain([Token::Jump(vec![end])]).collect(), &other)
}

/// A piece any number of times.
fn any(one: Vec<Token>) -> Option<Vec<Token>> {
    let end = u32::try_from(one.len()).ok()?.checked_add(2)?;
    let mut all = then(vec![Token::Jump(vec![1, end])], &one)?;
    all.push(Token::Jump(vec![0]));
    Some(all)
}
