//! The characters that need to be tried.

use std::collections::BTreeSet;
use std::iter::successors;

use super::pattern::after;
use super::spelling::Spelling;

/// Letters that stand for all that nobody names, those outside `subscriptions` first.
const LETTERS: &str = "xaqwzevdfghjklmnoptrsciuby";
const DIGITS: &str = "0123456789";

/// One character of each sort that nothing tells apart, then those that something `named`. `cuts`:
/// where ranges of characters begin and end.
pub(super) fn of(spelling: Spelling, named: &BTreeSet<char>, cuts: &BTreeSet<char>) -> Vec<char> {
    let mut alphabet = Vec::new();
    let unused =
        |c: &char| !named.contains(&c.to_ascii_lowercase()) && !named.contains(&c.to_ascii_uppercase());
    let letter = LETTERS.chars().find(unused);
    alphabet.extend(letter);
    alphabet.extend(letter.map(|c| c.to_ascii_uppercase()));
    alphabet.extend(DIGITS.chars().find(unused));
    alphabet.extend(spelling.characters().chars());
    if matches!(spelling, Spelling::Free | Spelling::Path) {
        // Of one byte: any that is left; then one of two bytes, of three and of four.
        alphabet.extend((' '..='~').find(unused));
        for mut range in ['\u{80}'..='\u{7ff}', '\u{4e00}'..='\u{ffff}', '\u{1f600}'..='\u{10ffff}'] {
            alphabet.extend(range.find(|c| unused(c) && !c.is_control()));
        }
    }
    alphabet.extend(named);
    if !cuts.is_empty() {
        // Ranges may tell apart what nothing else does: of each piece between two cuts the first, and
        // the first that nobody names; of ASCII all.
        alphabet.extend(['\n', '\r', '\t']);
        alphabet.extend(' '..='~');
        for &cut in ['\0', '\u{80}', '\u{800}', '\u{10000}'].iter().chain(cuts) {
            alphabet.push(cut);
            alphabet.extend(successors(Some(cut), |c| after(*c)).find(|c| !named.contains(c)));
        }
    }
    let mut seen = BTreeSet::new();
    alphabet.retain(|c| seen.insert(*c));
    alphabet
}
