//! Tree to text, in the one form that `wpc fmt` writes.
//!
//! Four blanks per level, one entry, condition or field per line; what is short enough and has
//! no more than one condition stays on its line. Text that does not fit 100 columns is broken one
//! member per line, from the outside in. Comments and runs of blank lines stay where they were,
//! as far as the form has a place for them.

mod interfaces;
mod items;
mod layout;
mod margin;
mod statements;
mod steps;
mod values;

use crate::syntax::File;
use layout::Writer;

/// The canonical text of a tree.
///
/// For every tree that some text stands for, `parse(print(tree)) == tree`, and printing that
/// again changes nothing. Comments keep their number, order and text. A tree that no text stands
/// for, say with an empty name, prints as text that does not parse.
///
/// # Example
///
/// ```
/// use wpc_grammar::{Source, parse, print};
///
/// let file = parse(&Source::new("orders.wpc", "policy orders{deny   any // all\n}"))?;
/// assert_eq!(print(&file), "policy orders {\n    deny any // all\n}\n");
/// # Ok::<(), wpc_grammar::SyntaxError>(())
/// ```
#[must_use]
pub fn print(file: &File) -> String {
    let mut writer = Writer::new(&file.comments, &file.blank_lines.0);
    writer.items(&file.items);
    writer.finish()
}
