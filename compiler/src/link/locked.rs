//! Imported interfaces, held against the lock beside them (`NAME.wpc.lock`).
//!
//! ```text
//! interface HASH                  SHA-256 of NAME.wpc, as `wpc import mcp` wrote it
//! policy NAME INTERFACE POLICY    what `wpc lock` accepted: the interface's hash then, and the policy's
//! ```
//!
//! A line a fact; the other words are the gate's (`wpc_mcp::Lock`).

use wpc_grammar::syntax::{File, ItemKind, Text};
use wpc_model::Hash;

use crate::{Code, Diagnostic, Problems};

/// What stands behind an interface's path.
pub(super) const SUFFIX: &str = ".lock";

/// Reports an interface that is not the one that its lock names, and policies that were locked against
/// another one.
pub(super) fn check(interface: &str, lock: &str, root: (&str, &File), written: &Text, problems: &mut Problems) {
    let found = Hash::of(interface.as_bytes());
    let locked = words(lock, "interface").next().and_then(|mut rest| Hash::from_text(rest.next()?));
    let mut report = |message: String, help: String| {
        let label = "not what was locked";
        problems.report(Diagnostic::error(Code::LockedInterface, written.loc.0, message, label).help(help));
    };
    if locked != Some(found) {
        return report(
            format!("found {:?}, which was changed after it was imported", written.value),
            "import the server again: `wpc import mcp --accept`; choose types with `--type` instead of by hand"
                .to_owned(),
        );
    }
    let (path, file) = root;
    let policies = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Policy(policy) => Some(policy.name.text.as_str()),
        ItemKind::Use(_) | ItemKind::Interface(_) | ItemKind::Rules(_) | ItemKind::Test(_) => None,
    });
    for policy in policies {
        let mut entries = words(lock, "policy").filter_map(|mut rest| Some((rest.next()?, rest.next()?)));
        let accepted = entries.find(|(name, _)| *name == policy);
        if accepted.is_some_and(|(_, interface)| Hash::from_text(interface) != Some(found)) {
            report(
                format!("found {:?}, which is another interface than the one that `{policy}` was locked with", written.value),
                format!("see what the change means with `wpc diff`, then run `wpc lock {path}`"),
            );
        }
    }
}

/// What stands behind each `word` of a lock.
fn words<'a>(lock: &'a str, word: &'a str) -> impl Iterator<Item = std::str::Split<'a, char>> {
    lock.lines().filter_map(move |line| Some(line.trim_end().strip_prefix(word)?.strip_prefix(' ')?.split(' ')))
}
