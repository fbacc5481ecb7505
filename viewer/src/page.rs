//! Trust Pulse: a bundle as one page that runs its own script alone and loads nothing.
//!
//! The bundle lies in the page as it is, and the page reads it; beside it stands what a bundle does not say: what
//! verification found, and the rules in words. Both are JSON in elements that no browser runs.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wpc_evidence::bundle::{Code, Report, view};
use wpc_model::{Hash, decode};

use crate::rules::rules;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// What the page may do, for whoever serves it: its own script and style by their hashes, and nothing else
/// (Content Security Policy Level 3). The page says the same of itself.
pub static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Hash::of(text.as_bytes()).0);
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
});

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// A bundle.
    pub bundle: &'a [u8],
    /// What its verification found, if somebody verified it.
    pub report: Option<&'a Report>,
    /// The map file of its policy (`NAME.wpc.map.json`), for the rules in their source. One that cannot be read or
    /// is of another policy is left aside: it is nobody's signature.
    pub map: Option<&'a [u8]>,
}

impl Page<'_> {
    /// The page.
    ///
    /// # Errors
    ///
    /// A code of the first stages of verification, if the bundle is none.
    ///
    /// ```
    /// let page = wpc_viewer::Page { bundle: b"{}", report: None, map: None };
    /// assert!(page.html().is_err());
    /// ```
    pub fn html(&self) -> Result<String, Code> {
        let view = view(self.bundle)?;
        let policy = view.policy.as_deref().and_then(|payload| decode(payload).ok());
        let map = self.map.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let map = map.filter(|map| {
            let of = map.get("policy_hash_b64u").and_then(Value::as_str);
            of.is_some() && of == view.policy_hash.map(|hash| hash.to_string()).as_deref()
        });
        let facts = json!({
            "bundle_sha256": hex(&Hash::of(self.bundle)),
            "report": self.report.map(Report::to_json),
            "rules": policy.as_ref().map_or_else(|| json!({}), |policy| rules(policy, map.as_ref())),
        });
        let bundle = std::str::from_utf8(self.bundle).map_err(|_| Code::Malformed)?;
        let (facts, bundle) = (inert(&facts.to_string()), inert(bundle));
        let parts = [
            ("{policy}", CONTENT_SECURITY_POLICY.as_str()),
            ("{style}", STYLE),
            ("{facts}", &facts),
            ("{bundle}", &bundle),
            ("{script}", SCRIPT),
        ];
        let mut page = String::with_capacity(bundle.len().saturating_add(64 << 10));
        let mut rest = HTML;
        for (hole, part) in parts {
            // In the order of the template, so that no part is searched for holes.
            let Some((before, after)) = rest.split_once(hole) else { return Err(Code::Malformed) };
            page.push_str(before);
            page.push_str(part);
            rest = after;
        }
        page.push_str(rest);
        Ok(page)
    }
}

/// JSON in which nothing ends or begins an element: `<` only stands within its texts.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn hex(hash: &Hash) -> String {
    use std::fmt::Write as _;
    hash.0.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{CONTENT_SECURITY_POLICY, HTML, SCRIPT, STYLE, inert};

    #[test]
    fn no_text_of_a_bundle_ends_its_element() {
        assert_eq!(inert(r#"{"a":"</script><!--"}"#), r#"{"a":"\u003c/script>\u003c!--"}"#);
    }

    #[test]
    fn nothing_of_the_page_is_inline_but_what_the_policy_names() {
        let handles = |rest: &str| {
            let name = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
            !name.is_empty()
                && rest.strip_prefix(name).is_some_and(|after| after.trim_start().starts_with('='))
        };
        assert!(HTML.split(" on").skip(1).all(|rest| !handles(rest)), "an event handler in the markup");
        assert!(!HTML.contains("style=") && !HTML.contains("src="));
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"), "ends its own element");
        assert!(
            !SCRIPT.contains("innerHTML")
                && !SCRIPT.contains("insertAdjacentHTML")
                && !SCRIPT.contains("eval(")
        );
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }
}
