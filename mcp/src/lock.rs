//! The lock file of an imported interface, `NAME.wpc.lock`: a line a fact, in the order of their names.
//!
//! ```text
//! # …
//! interface HASH                   SHA-256 of NAME.wpc
//! tool HASH NAME                   a definition of the server's (`pin`)
//! type TOOL.ARGUMENT TYPE          how it was imported, so that importing again gives the same
//! trusted TOOL.FIELD
//! policy NAME INTERFACE POLICY     a policy that was compiled against it: the interface's hash, and its own
//! ```
//!
//! The compiler reads `interface` and `policy` alone (`wpc_compiler::lock`), the gate `tool`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wpc_model::Hash;

/// Longest lock file, in bytes.
pub const MAX_LOCK_BYTES: usize = 1 << 20;

const HEADER: &str = "\
# Written by `wpc import mcp`; `wpc lock` accepts a policy. Commit it beside the interface.
# A server whose tools are others than these is refused, and so is an interface that was changed by hand.
";

/// What a lock file says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lock {
    /// The hash of the interface's file.
    pub interface: Option<Hash>,
    /// The hashes of the server's definitions, by name.
    pub tools: BTreeMap<String, Hash>,
    /// Types that were chosen, by `TOOL.ARGUMENT`.
    pub types: BTreeMap<String, String>,
    /// Fields of results that were labelled, `TOOL.FIELD`.
    pub trusted: Vec<String>,
    /// The hashes of the interface and of the policy, by the policy's name.
    pub policies: BTreeMap<String, (Hash, Hash)>,
}

/// A lock file that cannot be read, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct LockError {
    /// From 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    ///
    /// [`LockError`] with the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if text.len() > MAX_LOCK_BYTES {
            return Err(LockError { line: 0, why: "the file is too large" });
        }
        let mut lock = Self::default();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            lock.line(line).map_err(|why| LockError { line: at.saturating_add(1), why })?;
        }
        Ok(lock)
    }

    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let (word, rest) = line.split_once(' ').ok_or("a line is a word and what it says")?;
        match word {
            "interface" => twice(self.interface.replace(hash(rest)?)),
            "tool" => {
                let (pin, name) = rest.split_once(' ').ok_or("a tool has a hash and a name")?;
                twice(self.tools.insert(name.to_owned(), hash(pin)?))
            }
            "type" => {
                let (place, ty) = rest.rsplit_once(' ').ok_or("a type has a place and a name")?;
                twice(self.types.insert(place.to_owned(), ty.to_owned()))
            }
            "trusted" => {
                self.trusted.push(rest.to_owned());
                Ok(())
            }
            "policy" => {
                let mut parts = rest.split(' ');
                match (parts.next(), parts.next(), parts.next(), parts.next()) {
                    (Some(name), Some(interface), Some(policy), None) => {
                        let hashes = (hash(interface)?, hash(policy)?);
                        twice(self.policies.insert(name.to_owned(), hashes))
                    }
                    _ => Err("a policy has a name and two hashes"),
                }
            }
            _ => Err("the first word is not one of a lock file"),
        }
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = HEADER.to_owned();
        // Writing to a string cannot fail.
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            let _infallible = writeln!(text, "{arguments}");
        };
        if let Some(interface) = &self.interface {
            line(format_args!("interface {interface}"));
        }
        self.tools.iter().for_each(|(name, pin)| line(format_args!("tool {pin} {name}")));
        self.types.iter().for_each(|(place, ty)| line(format_args!("type {place} {ty}")));
        let mut trusted = self.trusted.clone();
        trusted.sort_unstable();
        trusted.dedup();
        trusted.iter().for_each(|field| line(format_args!("trusted {field}")));
        for (name, (interface, policy)) in &self.policies {
            line(format_args!("policy {name} {interface} {policy}"));
        }
        text
    }
}

fn hash(text: &str) -> Result<Hash, &'static str> {
    Hash::from_text(text).ok_or("a hash has 43 characters of base64url")
}

fn twice<T>(before: Option<T>) -> Result<(), &'static str> {
    if before.is_none() { Ok(()) } else { Err("the same stands twice") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let hash = |text: &str| Hash::of(text.as_bytes());
        let lock = Lock {
            interface: Some(hash("i")),
            tools: [("read file".to_owned(), hash("r")), ("write".to_owned(), hash("w"))].into(),
            types: [("read file.path".to_owned(), "path".to_owned())].into(),
            trusted: vec!["write.id".to_owned(), "write.last ".to_owned()],
            policies: [("p".to_owned(), (hash("i"), hash("p")))].into(),
        };
        assert_eq!(Lock::parse(&lock.to_text()), Ok(lock));
        for (text, line) in [("interface x", 1), ("# a\ntool x y", 2), ("nonsense", 1), ("interface", 1)] {
            assert_eq!(Lock::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
