//! What is other about a server since it was imported, for people.

use similar::{ChangeTag, TextDiff};
use wpc_mcp::Lock;

use crate::console::Console;
use wpc_viewer::plain;

/// Says which tools came, went and changed, and the lines of the interface that differ.
pub(super) fn say(console: &mut Console, (old_text, old): (&str, &Lock), (new_text, new): (&str, &Lock)) {
    for name in old.tools.keys().filter(|name| !new.tools.contains_key(*name)) {
        console.say(format!("removed  {}", plain(name)));
    }
    for (name, pin) in &new.tools {
        match old.tools.get(name) {
            None => console.say(format!("new      {}", plain(name))),
            Some(before) if before != pin => console.say(format!("changed  {}", plain(name))),
            Some(_) => {}
        }
    }
    let difference = TextDiff::from_lines(old_text, new_text);
    let mut is_same = true;
    for group in difference.grouped_ops(2) {
        console.say("");
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            is_same = false;
            console.say(format!("{mark} {}", plain(change.value().trim_end())));
        }
    }
    if is_same {
        console.say("the interface is the same: what changed are words and schemas that no type says");
    }
}
