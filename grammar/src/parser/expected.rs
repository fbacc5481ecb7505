//! What could stand somewhere, in people's words.

use super::Rule;
use super::meant::ENTRY_WORDS;

/// The words for what the grammar could go on with.
pub(super) struct Expected {
    rules: Vec<Rule>,
}

/// Rules and the words for them. A rule that stands neither here nor below is named after what
/// it begins with, and pest reports that beside it.
const WORDS: &[(&[Rule], &[&str])] = &[
    (&[Rule::file_line, Rule::item, Rule::item_body], &ITEMS),
    (&[Rule::policy_line, Rule::rule_line], &["a statement", "`}`"]),
    (&[Rule::entry, Rule::entry_body, Rule::rule_entry, Rule::rule_body], &["a statement"]),
    (&[Rule::part_line], &["a part of the interface", "`}`"]),
    (&[Rule::part, Rule::part_body], &["a part of the interface"]),
    (&[Rule::step_line], &["a step of the test", "`}`"]),
    (&[Rule::step], &["a step of the test"]),
    (&[Rule::act, Rule::action, Rule::actions], &["an action"]),
    (&[Rule::ident, Rule::name, Rule::action_name], &["a name"]),
    (&[Rule::key, Rule::pair], &["a key"]),
    (&[Rule::value, Rule::slot], &["a value"]),
    (&[Rule::text], &["text in double quotes"]),
    (&[Rule::quantity, Rule::number], &["a number"]),
    (&[Rule::bound], &["a number", "a parameter"]),
    (&[Rule::per], &["`per`"]),
    (&[Rule::same], &["`same resource`", "`ARGUMENT == ACTION.RESULT`"]),
    (&[Rule::setting], &["a setting"]),
    (&[Rule::duty], &["a duty such as `alone`"]),
    (&[Rule::path, Rule::condition, Rule::tested], &["a condition"]),
    (&[Rule::conditions, Rule::bundle], &["conditions in `{ }`", "the name of a `let`"]),
    (&[Rule::check], &["a test such as `==`, `<=`, `in` or `has`"]),
    (
        &[Rule::resource, Rule::required_resource, Rule::named_resource],
        &["a resource such as `queue(\"orders\")`"],
    ),
    (&[Rule::place_word], &["`to`", "`from`", "`on`", "`in`"]),
    (&[Rule::ty, Rule::named_ty], &["a type"]),
    (&[Rule::ty_argument], &["a type", "a number"]),
    (&[Rule::field], &["a field"]),
    (&[Rule::mark], &["a mark such as `measured`"]),
    (&[Rule::constraint_operator], &["`<=`", "`>=`", "`==`", "`in`", "`has`", "`lacks`"]),
    (&[Rule::constraint_limit, Rule::constraint_test], &["a condition or `limit`"]),
    (&[Rule::settings_block, Rule::conditions_block, Rule::block, Rule::lbrace], &["`{`"]),
    (&[Rule::fields, Rule::lparen], &["`(`"]),
    (&[Rule::lsquare], &["`[`"]),
    (&[Rule::equals], &["`=`"]),
    (&[Rule::equal], &["`==`"]),
    (&[Rule::colon], &["`:`"]),
    (&[Rule::hole], &["`_`"]),
    (&[Rule::any], &["`any`"]),
    (&[Rule::once], &["`once`"]),
    (&[Rule::concurrent], &["`concurrent`"]),
    (&[Rule::comma, Rule::pair_end], &["`,`"]),
    (&[Rule::rangle], &["`>`"]),
    (&[Rule::rparen], &["`)`"]),
    (&[Rule::rsquare], &["`]`"]),
    (&[Rule::close, Rule::rbrace], &["`}`"]),
    (&[Rule::end], &["the end of the line"]),
];

/// Rules that may go on almost anywhere: said only where nothing else could be.
const WEAK: &[Rule] = &[
    Rule::unit,
    Rule::lparen,
    Rule::langle,
    Rule::optional,
    Rule::dot,
    Rule::mark,
    Rule::kind,
    Rule::group,
    Rule::quantifier,
    Rule::EOI,
];

const WEAK_WORDS: &[(Rule, &str)] = &[
    (Rule::unit, "a unit"),
    (Rule::lparen, "`(`"),
    (Rule::kind, "a resource kind"),
    (Rule::mark, "a mark such as `measured`"),
    (Rule::EOI, "the end of the file"),
];

const ITEMS: [&str; 5] = ["`policy`", "`tool`", "`rules`", "`test`", "`use`"];

/// The keywords that begin the rules that begin with one of several.
const VOCABULARY: &[(&[Rule], &[&str])] = &[
    (&[Rule::file_line, Rule::item, Rule::item_body], &["policy", "tool", "rules", "test", "use"]),
    (&[Rule::policy_line, Rule::entry, Rule::entry_body], &ENTRY_WORDS),
    (
        &[Rule::rule_line, Rule::rule_entry, Rule::rule_body],
        &["allow", "deny", "require", "limit", "separate", "before"],
    ),
    (
        &[Rule::part_line, Rule::part, Rule::part_body],
        &["scope", "resource", "record", "class", "constraint", "action"],
    ),
    (&[Rule::step_line, Rule::step], &["given", "call", "expect"]),
    (
        &[Rule::check],
        &["in", "has", "lacks", "like", "is", "matches", "within", "under", "conforms", "from", "not"],
    ),
    (&[Rule::place_word], &["to", "from", "on", "in"]),
    (&[Rule::constraint_operator], &["in", "has", "lacks"]),
    (&[Rule::any], &["any"]),
    (&[Rule::once], &["once"]),
    (&[Rule::concurrent], &["concurrent"]),
    (&[Rule::at_label], &["@label"]),
];

/// At most so many words are listed.
const LISTED: usize = 7;

impl Expected {
    pub(super) fn new(rules: &[Rule]) -> Self {
        Self { rules: rules.to_vec() }
    }

    pub(super) fn has(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    pub(super) fn has_any(&self, rules: &[Rule]) -> bool {
        rules.iter().any(|&rule| self.has(rule))
    }

    /// A line of a block may begin here.
    pub(super) fn begins_line(&self) -> bool {
        self.has_any(&[
            Rule::file_line,
            Rule::item,
            Rule::item_body,
            Rule::policy_line,
            Rule::entry,
            Rule::entry_body,
            Rule::rule_line,
            Rule::rule_entry,
            Rule::rule_body,
            Rule::part_line,
            Rule::part,
            Rule::part_body,
            Rule::step_line,
            Rule::step,
        ])
    }

    /// A name that is no keyword may stand here.
    pub(super) fn name(&self) -> bool {
        self.has_any(&[
            Rule::ident,
            Rule::act,
            Rule::action,
            Rule::actions,
            Rule::path,
            Rule::condition,
            Rule::tested,
            Rule::field,
            Rule::key,
            Rule::pair,
            Rule::setting,
        ])
    }

    /// The keywords that could stand here.
    pub(super) fn vocabulary(&self) -> Vec<&'static str> {
        let listed = VOCABULARY.iter().filter(|(rules, _)| self.has_any(rules));
        let mut words: Vec<_> = listed.flat_map(|(_, words)| words.iter().copied()).collect();
        words.extend(self.rules.iter().filter_map(|&rule| keyword(rule)));
        words
    }

    /// `a name, a value or the end of the line`.
    pub(super) fn in_words(&self) -> String {
        // What was read so far is a condition without its test, whatever else it might have been.
        if self.has(Rule::check) && self.rules.len() > 1 {
            return Self::new(&[Rule::check]).in_words();
        }
        let mut words: Vec<String> = Vec::new();
        let mut say = |word: String| {
            if !words.contains(&word) {
                words.push(word);
            }
        };
        let strong = |rules: &[Rule]| rules.iter().any(|rule| self.has(*rule) && !WEAK.contains(rule));
        for rule in &self.rules {
            keyword(*rule).into_iter().for_each(|word| say(format!("`{word}`")));
        }
        for (_, listed) in WORDS.iter().filter(|(rules, _)| strong(rules)) {
            listed.iter().for_each(|word| say((*word).to_owned()));
        }
        if words.is_empty() {
            words.extend(
                WEAK_WORDS.iter().filter(|(rule, _)| self.has(*rule)).map(|(_, word)| (*word).to_owned()),
            );
        }
        words.truncate(LISTED);
        match words.split_last() {
            None => "something else".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

/// The keyword that a rule called `kw_…` stands for.
fn keyword(rule: Rule) -> Option<&'static str> {
    KEYWORDS.iter().find(|(keyword, _)| *keyword == rule).map(|(_, word)| *word)
}

macro_rules! keywords {
    ($($rule:ident $word:literal)*) => { &[$((Rule::$rule, $word)),*] };
}

const KEYWORDS: &[(Rule, &str)] = keywords! {
    kw_absent "absent" kw_action "action" kw_allow "allow" kw_approval "approval" kw_as "as" kw_at "at"
    kw_before "before" kw_call "call" kw_choice "choice" kw_cidr "cidr" kw_class "class"
    kw_conforms "conforms" kw_constraint "constraint" kw_deny "deny" kw_do "do" kw_domain "domain"
    kw_expect "expect" kw_extends "extends" kw_from "from" kw_given "given" kw_has "has" kw_in "in" kw_is "is"
    kw_lacks "lacks" kw_let "let" kw_like "like" kw_limit "limit" kw_matches "matches" kw_not "not" kw_of "of"
    kw_param "param" kw_path "path" kw_per "per" kw_policy "policy" kw_present "present" kw_record "record"
    kw_require "require" kw_resource "resource" kw_result "result" kw_rules "rules" kw_same "same"
    kw_scope "scope" kw_separate "separate" kw_test "test" kw_to "to" kw_tool "tool" kw_under "under"
    kw_use "use" kw_when "when" kw_with "with" kw_within "within"
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_of_the_grammar_has_its_word() {
        let mut keywords = 0;
        for &rule in Rule::all_rules() {
            if let Some(word) = format!("{rule:?}").strip_prefix("kw_") {
                assert_eq!(keyword(rule), Some(word));
                keywords += 1;
            }
        }
        assert_eq!(keywords, KEYWORDS.len());
    }
}
