//! What `check` finds by analysis: the examples of its pages, and what it says of them.

use crate::place::{Place, check};

/// The codes that only `check` gives.
const CODES: &[&str] = &["WPC0460", "WPC0461", "WPC0462", "WPC0463", "WPC0464", "WPC0465", "WPC0466"];

/// The example after `heading` on the page of `code`.
fn example(page: &str, heading: &str) -> String {
    let (_, after) = page.split_once(heading).unwrap();
    let (_, block) = after.split_once("```wpc\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_wrong_example_of_each_page_gives_its_code_alone_and_the_right_one_nothing() {
    let place = Place::new();
    let mut told = Vec::new();
    for code in CODES {
        let page = place.does(&["explain", code]);
        place.file("wrong.wpc", example(&page, "Wrong"));
        place.file("right.wpc", example(&page, "Right"));
        told.push(place.told(&["check", "wrong.wpc"], b""));
        told.push(place.told(&["check", "right.wpc"], b""));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_lint_of_the_analysis_can_be_denied() {
    let place = Place::new();
    let page = place.does(&["explain", "WPC0464"]);
    place.file("wrong.wpc", example(&page, "Wrong"));
    check!(place, "check", "wrong.wpc", "--deny", "unreached_limit", "--format", "json");
}
