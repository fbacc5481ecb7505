//! What a policy takes out of requests before they are forwarded.
//!
//! A path that matches nothing is told, never passed over. Of several that match one value the strictest has the
//! last word: a hash, then a mask, then removal.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wpc_model::{Hash, JsonStep, Policy, Redact, Redaction};
use zeroize::Zeroizing;

use crate::json::Json;

/// What stands in the place of a masked value.
const MASK: &str = "[REDACTED]";

/// Hashes values of one job: equal ones stay equal, and nobody without the gateway's key can try values out.
pub(crate) struct Hasher<'k> {
    pub(crate) key: &'k Zeroizing<[u8; 32]>,
    pub(crate) job: &'k str,
}

/// What redaction did.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Redacted {
    /// Values that were taken out.
    pub(crate) values: u64,
    /// Paths that matched nothing.
    pub(crate) unmatched: Vec<String>,
}

/// The rules of a policy and of all that it extends, the mildest first.
pub(crate) fn rules(policy: &Policy) -> Vec<Redaction> {
    let models = policy.layers().filter_map(|layer| layer.settings.models.as_ref());
    let mut rules: Vec<Redaction> = models.flat_map(|models| models.redact.iter().cloned()).collect();
    let strictness = |how: Redact| match how {
        Redact::Hash => 0,
        Redact::Mask => 1,
        Redact::Remove => 2,
    };
    rules.sort_by(|one, other| (strictness(one.how), one).cmp(&(strictness(other.how), other)));
    rules.dedup();
    rules
}

/// Takes out of `document` what `rules` name.
pub(crate) fn redact(document: &mut Json, rules: &[Redaction], hasher: &Hasher<'_>) -> Redacted {
    let mut redacted = Redacted::default();
    for Redaction { path, how } in rules {
        let mut values = 0_u64;
        walk(document, path.steps(), *how, hasher, &mut values);
        if values == 0 {
            redacted.unmatched.push(path.to_string());
        }
        redacted.values = redacted.values.saturating_add(values);
    }
    redacted
}

/// What becomes of a value that a path has led to.
enum Place {
    Stays,
    Goes,
}

/// Follows `steps` from `value`, which is not itself named by them.
fn walk(value: &mut Json, steps: &[JsonStep], how: Redact, hasher: &Hasher<'_>, values: &mut u64) {
    let Some((step, rest)) = steps.split_first() else { return };
    match (step, value) {
        (JsonStep::Member(name), Json::Object(members)) => {
            members.retain_mut(|(found, value)| {
                found != name || matches!(reached(value, rest, how, hasher, values), Place::Stays)
            });
        }
        (JsonStep::Every, Json::Object(members)) => {
            members.retain_mut(|(_, value)| matches!(reached(value, rest, how, hasher, values), Place::Stays))
        }
        (JsonStep::Every, Json::Array(items)) => {
            items.retain_mut(|value| matches!(reached(value, rest, how, hasher, values), Place::Stays));
        }
        (JsonStep::Anywhere(name), Json::Object(members)) => members.retain_mut(|(found, value)| {
            // Deeper ones first: what is taken out here takes them with it.
            walk(value, steps, how, hasher, values);
            found != name || matches!(reached(value, rest, how, hasher, values), Place::Stays)
        }),
        (JsonStep::Anywhere(_), Json::Array(items)) => {
            for item in items {
                walk(item, steps, how, hasher, values);
            }
        }
        _ => {}
    }
}

/// A value that one step has led to: there, or on the way.
fn reached(value: &mut Json, rest: &[JsonStep], how: Redact, hasher: &Hasher<'_>, values: &mut u64) -> Place {
    if !rest.is_empty() {
        walk(value, rest, how, hasher, values);
        return Place::Stays;
    }
    *values = values.saturating_add(1);
    match how {
        Redact::Mask => *value = Json::Text(MASK.to_owned()),
        Redact::Hash => *value = Json::Text(format!("[HASH:{}]", hasher.hash(value))),
        Redact::Remove => return Place::Goes,
    }
    Place::Stays
}

impl Hasher<'_> {
    /// HMAC-SHA-256 under the gateway's secret for redaction; the job first, so that other jobs' hashes say nothing.
    fn hash(&self, value: &Json) -> Hash {
        let text = value.as_str().map_or_else(|| value.encode(), |text| text.as_bytes().to_vec());
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else { return Hash([0; 32]) };
        mac.update(self.job.as_bytes());
        mac.update(b"\0");
        mac.update(&text);
        Hash(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use wpc_model::JsonPath;

    use super::*;

    fn redacted(text: &str, rules: &[(&str, Redact)]) -> (String, Redacted) {
        let rules: Vec<_> = rules
            .iter()
            .map(|(path, how)| Redaction { path: JsonPath::parse(path).unwrap(), how: *how })
            .collect();
        let mut document = Json::read(text.as_bytes()).unwrap();
        let done = redact(&mut document, &rules, &Hasher { key: &Zeroizing::new([7; 32]), job: "job" });
        (String::from_utf8(document.encode()).unwrap(), done)
    }

    #[test]
    fn each_way_does_what_it_says_and_tells_what_matched_nothing() {
        let text = r#"{"b":{"secret":1,"x":[{"secret":"a"}]},"messages":[{"content":"p","role":"user"},{"content":"q"}],"user":"u"}"#;
        let (out, done) = redacted(
            text,
            &[
                ("$.messages[*].content", Redact::Mask),
                ("$..secret", Redact::Remove),
                ("$.user", Redact::Remove),
                ("$.nothing[*].here", Redact::Mask),
            ],
        );
        assert_eq!(
            out,
            r#"{"b":{"x":[{}]},"messages":[{"content":"[REDACTED]","role":"user"},{"content":"[REDACTED]"}]}"#
        );
        assert_eq!(done, Redacted { values: 5, unmatched: vec!["$.nothing[*].here".to_owned()] });
    }

    #[test]
    fn equal_values_have_equal_hashes_and_no_value_shows() {
        let (out, _) = redacted(r#"{"a":["ada","ada","bob",1]}"#, &[("$.a[*]", Redact::Hash)]);
        let read = Json::read(out.as_bytes()).unwrap();
        let [one, same, other, number] = read.get("a").unwrap().items() else { panic!("{out}") };
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert!(number.as_str().unwrap().starts_with("[HASH:"));
        assert!(!out.contains("ada"));
        // The same value at another job.
        let mut document = Json::read(br#"{"a":["ada"]}"#).unwrap();
        let rule = Redaction { path: JsonPath::parse("$.a[*]").unwrap(), how: Redact::Hash };
        redact(&mut document, &[rule], &Hasher { key: &Zeroizing::new([7; 32]), job: "another" });
        assert_ne!(document.get("a").unwrap().items().first(), Some(one));
    }
}
