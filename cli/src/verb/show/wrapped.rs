//! Lists beside a word, within the width of a terminal.

/// Longest line, in characters; a single member that is longer is never cut, because a reviewer must
/// see every name and bound whole.
const WIDTH: usize = 80;

/// Width of the word's column.
const WORD: usize = 10;

/// `word` and `members` joined by commas, in as many lines as it takes, `indent` blanks from the left.
pub(super) fn wrapped(indent: usize, word: &str, members: &[String]) -> String {
    let mut lines = Vec::new();
    let mut line = format!("{}{word:WORD$}", " ".repeat(indent));
    let margin = indent.saturating_add(WORD);
    let mut used = margin;
    for (index, member) in members.iter().enumerate() {
        let last = index.saturating_add(1) == members.len();
        let member = if last { member.clone() } else { format!("{member},") };
        let length = member.chars().count();
        let is_first = used == margin;
        if !is_first && used.saturating_add(length).saturating_add(1) > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(margin)));
            used = margin;
        } else if !is_first {
            line.push(' ');
            used = used.saturating_add(1);
        }
        line.push_str(&member);
        used = used.saturating_add(length);
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// The members of a list as it is written: `text` at its commas, but for those inside quotes.
pub(super) fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == ',' && !quoted {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if !(part.is_empty() && c == ' ') {
            part.push(c);
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(members: &[&str], expect: &str) {
        let members: Vec<_> = members.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(wrapped(2, "to", &members), expect);
    }

    #[test]
    fn what_fits_is_one_line() {
        check(&["a", "b"], "  to        a, b");
        check(&[], "  to");
    }

    #[test]
    fn a_comma_inside_a_name_parts_nothing() {
        assert_eq!(parts(r#"send to q("a, b"), q("c\", d")"#), [r#"send to q("a, b")"#, r#"q("c\", d")"#]);
        assert_eq!(parts("calls of send to 5 per job"), ["calls of send to 5 per job"]);
    }

    #[test]
    fn no_line_is_longer_than_eighty_unless_one_member_is() {
        let members: Vec<_> = (0..200).map(|one| format!("queue(\"orders-{one}\")")).collect();
        let text = wrapped(4, "to", &members);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().all(|line| line.chars().count() > 60 || text.ends_with(line)), "{text}");
        let long = "x".repeat(100);
        check(&["a", &long, "b"], &format!("  to        a,\n            {long},\n            b"));
    }
}
