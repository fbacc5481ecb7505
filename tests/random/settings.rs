//! Settings blocks. They change no ruling, and they must not: that is what they are drawn for.

use super::dice::Random;

/// Each block and what may stand in it.
const BLOCKS: &[(&str, &[&str])] = &[
    (
        "models",
        &[
            "allow \"a/b\"",
            "providers \"c\"; budget 5 tokens, 0.01 USD",
            "allow \"a/b\"; redact \"$..k\" hash",
        ],
    ),
    ("sandbox", &["required", "network outbound; filesystem read_write", "elevated allowed"]),
    ("agents", &["allow \"agent\", did(\"did:key:z6MkwVDfCg9LbbY6xjH3EZk8YSFQZujV5Y4y1ZWeER9tDiN3\")"]),
    ("requesters", &["allow \"a\""]),
    ("environment", &["name \"test\""]),
    ("credential", &["entra", "sas entity"]),
    ("valid", &["from \"2026-01-01T00:00:00Z\"", "until \"2099-01-01T00:00:00Z\""]),
    ("on_change", &["finish", "drain", "kill"]),
    ("meta", &["owner \"a\"; notes \"b\", \"a\""]),
];

/// None of them mostly, each a block on a line.
pub(super) fn settings(random: &mut Random) -> String {
    if random.chance(60) {
        return String::new();
    }
    let chosen = BLOCKS.iter().filter(|_| random.chance(30)).collect::<Vec<_>>();
    let lines =
        chosen.into_iter().map(|(name, bodies)| format!("    {name} {{ {} }}\n", random.word(bodies)));
    lines.collect()
}
