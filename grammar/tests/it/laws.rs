//! Tree to text and back.

use proptest::prelude::*;
use wpc_grammar::syntax::{Comment, File};
use wpc_grammar::{Loc, Source, Span, parse, print};

use crate::corpus::corpus;
use crate::render::render;
use crate::trees::file;

#[track_caller]
fn read(text: &str) -> File {
    let source = Source::new("law.wpc", text);
    parse(&source).unwrap_or_else(|error| panic!("{}\n{text}", render(&source, &error)))
}

/// Comments as far as printing keeps them: number, order and text.
fn texts(file: &File) -> Vec<&str> {
    file.comments.iter().map(|comment| comment.text.as_str()).collect()
}

#[track_caller]
fn check_print(text: &str) {
    let file = read(text);
    let printed = print(&file);
    let again = read(&printed);
    assert_eq!(again.items, file.items, "{printed}");
    assert_eq!(texts(&again), texts(&file), "{printed}");
    assert_eq!(print(&again), printed, "printing is not idempotent");
    for line in printed.lines() {
        assert_eq!(line.trim_end(), line, "a line ends in blanks");
    }
    assert!(!printed.contains("\n\n\n"), "two blank lines in\n{printed}");
}

#[test]
fn printing_keeps_what_the_corpus_says() {
    for source in corpus("accept") {
        check_print(source.text());
    }
}

#[test]
fn a_comment_behind_a_separator_alone_has_its_own_line() {
    assert_eq!(print(&read("; // first\n;; // second\n")), "// first\n// second\n");
    check_print("; // first\n");
}

/// `text` with comments, blanks and blank lines at ends of lines and after commas and braces.
fn disturb(text: &str, places: &[(prop::sample::Index, u8)]) -> String {
    let ends: Vec<usize> = text.match_indices(['\n', ',', '{', '[', '(']).map(|(at, _)| at).collect();
    let mut inserts: Vec<(usize, &str)> = Vec::new();
    for (place, what) in places {
        let insert = match what % 7 {
            0 => " // trailing\n",
            1 => "\n// own line\n",
            2 => "\n\n// after a blank line\n",
            3 => "\n\n\n",
            4 => "   \t",
            5 => "\n; // behind a separator alone\n",
            _ => "\n//// many\n\n// two\n",
        };
        inserts.push((*place.get(&ends), insert));
    }
    inserts.sort_unstable();
    // From the last to the first, so that the places stay where they are.
    let mut out = text.to_owned();
    for (at, insert) in inserts.into_iter().rev() {
        // Behind the sign, or in front of the line break.
        let breaks = text.as_bytes().get(at) == Some(&b'\n');
        out.insert_str(if breaks { at } else { at + 1 }, insert);
    }
    out
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_what_it_was(file in file()) {
        let printed = print(&file);
        let again = read(&printed);
        prop_assert_eq!(&again, &file, "{}", printed);
        prop_assert_eq!(print(&again), printed);
    }

    #[test]
    fn comments_and_blank_lines_stay(
        file in file(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let printed = print(&file);
        prop_assume!(!printed.is_empty());
        let disturbed = disturb(&printed, &places);
        // Inside a text or after a `///` no comment begins, and a line may break only in brackets.
        prop_assume!(parse(&Source::new("", disturbed.as_str())).is_ok());
        check_print(&disturbed);
    }

    #[test]
    fn comments_and_blank_lines_stay_in_the_corpus(
        source in prop::sample::select(corpus("accept")),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let disturbed = disturb(source.text(), &places);
        prop_assume!(parse(&Source::new("", disturbed.as_str())).is_ok());
        check_print(&disturbed);
    }

    #[test]
    fn a_tree_with_comments_and_no_places_still_prints(
        file in file(),
        comments in prop::collection::vec((any::<String>(), any::<bool>(), any::<u32>(), any::<u32>()), 0..4),
    ) {
        let comments = comments.into_iter().map(|(text, trailing, start, end)| Comment {
            text,
            trailing,
            loc: Loc(Span::new(start, end)),
        });
        let file = File { comments: comments.collect(), ..file };
        let again = read(&print(&file));
        prop_assert_eq!(&again.items, &file.items);
        prop_assert_eq!(again.comments.len(), file.comments.len());
    }
}
