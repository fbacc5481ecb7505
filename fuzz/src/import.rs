//! Interfaces of unknown servers.

use wpc_compiler::{Parameters, Severity, Source, check};
use wpc_mcp::{Choices, Lock};

/// What an unknown server answers to `tools/list` becomes an interface that the compiler takes, in the one
/// layout, without a character that hides or re-orders text, and the same again; or an error.
///
/// # Panics
///
/// Only if that does not hold.
pub fn import(data: &[u8]) {
    let Ok(served) = wpc_mcp::tools_of_json(data) else { return };
    let Ok(imported) = wpc_mcp::import("server", served.tools.clone(), &Choices::default()) else { return };
    let again = wpc_mcp::import("server", served.tools, &Choices::default());
    assert_eq!(again.as_ref(), Ok(&imported), "another file for the same server");
    let hidden = |c: char| {
        c.is_control() && c != '\n' || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!imported.text.contains(hidden), "hidden characters");
    let problems = check(&Source::new("server.wpc", imported.text.clone()), &Parameters::new());
    let wrong: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "it does not compile: {wrong:?}\n{}", imported.text);
    assert_eq!(Lock::parse(&imported.lock.to_text()).as_ref(), Ok(&imported.lock), "another lock");
}
