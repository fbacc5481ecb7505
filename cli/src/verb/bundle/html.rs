//! A bundle as a page for a browser: one file that runs nothing and loads nothing.

use std::fmt::Write as _;

use wpc::bundle::View;

use crate::plain::plain;
use crate::verb::ledger::Said;

/// No script, no style but the one whose hash this is, nothing from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'sha256-";
const STYLE: &str = "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}\
td,th{border:1px solid #999;padding:.3em .6em;text-align:left;vertical-align:top}pre{margin:0}";

/// The whole page.
pub(super) fn page(view: &View) -> String {
    use base64::Engine as _;
    let style = base64::engine::general_purpose::STANDARD.encode(wpc_model::Hash::of(STYLE.as_bytes()).0);
    let mut rows = String::new();
    for shown in &view.entries {
        let Said { what, said } = Said::of(&shown.entry);
        let mut values = String::new();
        for opening in shown.openings.values() {
            let value = String::from_utf8(opening.value.encode()).unwrap_or_default();
            // Writing to a string cannot fail.
            let _infallible = writeln!(values, "{} = {}", text(&opening.name), text(&value));
        }
        let at = wpc_model::instant_text(shown.entry.at);
        let _infallible = writeln!(
            rows,
            "<tr><td>{}<td>{}<td>{}<td>{}<td><pre>{values}</pre>",
            shown.entry.seq,
            text(&at),
            text(&what),
            text(&said),
        );
    }
    let origin = text(&view.origin.to_string());
    let hash = view.policy_hash.map(|hash| hash.to_string()).unwrap_or_default();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}{style}'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Proof bundle</title><style>{STYLE}</style></head><body>\n\
         <h1>Proof bundle</h1>\n\
         <p><strong>Not verified.</strong> A page cannot prove itself: run <code>wpc bundle verify</code>.</p>\n\
         <p>{origin}<br>policy {hash}</p>\n\
         <table><tr><th>entry<th>time<th>what<th>said<th>shown\n{rows}</table></body></html>\n"
    )
}

/// Text that means nothing to a browser.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for c in plain(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(text("<b a=\"1\" c='&'>\u{202e}"), "&lt;b a=&quot;1&quot; c=&#39;&amp;&#39;&gt;\\u{202e}");
    }
}
