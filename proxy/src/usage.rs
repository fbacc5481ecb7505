//! What an answer says of itself: its model, and the tokens that were used.

use serde_json::Value as Json;

use crate::shape::Endpoint;

/// Most tokens that a receipt states.
pub(crate) const MAX_TOKENS: u64 = 10_000_000;

/// What has been seen of an answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seen {
    /// The model that answered, where it is not the one that was asked.
    pub(crate) another: Option<String>,
    /// Tokens that were read.
    pub(crate) input: Option<u64>,
    /// Tokens that were written.
    pub(crate) output: Option<u64>,
    /// The provider says that it failed.
    pub(crate) failed: bool,
}

/// What an event of a stream is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    /// More follows.
    Part,
    /// The last, unless another follows all the same.
    PerhapsLast,
    /// The last.
    Last,
}

impl Seen {
    /// Takes in one whole answer.
    pub(crate) fn answer(&mut self, endpoint: Endpoint, asked: &str, json: &Json) {
        let (of_usage, of_model) = match endpoint {
            Endpoint::Generate | Endpoint::GenerateStream => ("usageMetadata", "modelVersion"),
            Endpoint::Chat | Endpoint::Responses | Endpoint::Messages => ("usage", "model"),
        };
        self.said(asked, json.get(of_model), json.get(of_usage));
    }

    /// Takes in the data of one event of a stream.
    pub(crate) fn event(&mut self, endpoint: Endpoint, asked: &str, data: &[u8]) -> Event {
        if endpoint == Endpoint::Chat && data.trim_ascii() == b"[DONE]" {
            return Event::Last;
        }
        // What is no JSON is the client's to judge.
        let Ok(json) = serde_json::from_slice::<Json>(data) else { return Event::Part };
        let kind = json.get("type").and_then(Json::as_str).unwrap_or_default();
        let (inner, event) = match (endpoint, kind) {
            (Endpoint::Responses, "response.completed" | "response.incomplete") => {
                (json.get("response"), Event::Last)
            }
            (Endpoint::Responses, "response.failed") => {
                self.failed = true;
                (json.get("response"), Event::Last)
            }
            (Endpoint::Responses | Endpoint::Messages, "error") => {
                self.failed = true;
                (None, Event::Last)
            }
            (Endpoint::Responses, _) => (json.get("response"), Event::Part),
            (Endpoint::Messages, "message_start") => (json.get("message"), Event::Part),
            (Endpoint::Messages, "message_stop") => (None, Event::Last),
            (Endpoint::Messages | Endpoint::Chat, _) => (Some(&json), Event::Part),
            (Endpoint::Generate | Endpoint::GenerateStream, _) => {
                let candidates = json.get("candidates").and_then(Json::as_array);
                let ends = candidates
                    .is_some_and(|all| all.iter().any(|one| one.get("finishReason").is_some_and(|why| !why.is_null())))
                    // A prompt that is refused has no candidates.
                    || json.get("promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some());
                (Some(&json), if ends { Event::PerhapsLast } else { Event::Part })
            }
        };
        if json.get("error").is_some_and(|error| !error.is_null()) {
            self.failed = true;
        }
        if let Some(inner) = inner {
            self.answer(endpoint, asked, inner);
        }
        event
    }

    fn said(&mut self, asked: &str, model: Option<&Json>, usage: Option<&Json>) {
        if let Some(model) = model.and_then(Json::as_str)
            && self.another.is_none()
            && !is_same(asked, model)
        {
            self.another = Some(model.to_owned());
        }
        let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
        let number = |name: &str| usage.get(name).and_then(Json::as_u64);
        let sum = |names: &[&str]| names.iter().filter_map(|name| number(name)).reduce(u64::saturating_add);
        let input = sum(&["prompt_tokens"])
            .or_else(|| sum(&["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]));
        let input = input.or_else(|| sum(&["promptTokenCount", "toolUsePromptTokenCount"]));
        let output = sum(&["completion_tokens"])
            .or_else(|| sum(&["output_tokens"]))
            .or_else(|| sum(&["candidatesTokenCount", "thoughtsTokenCount"]));
        // Google counts a prompt alone before the first part is written.
        let rest = |total: u64| total.saturating_sub(input.unwrap_or_default());
        let output = output.max(number("totalTokenCount").map(rest));
        // Streams count up; what is said last is the most.
        self.input = self.input.max(input);
        self.output = self.output.max(output);
    }

    /// What was used, if the provider said both, as far as a receipt can state it.
    pub(crate) fn used(&self) -> Option<(u64, u64)> {
        Some((self.input?.min(MAX_TOKENS), self.output?.min(MAX_TOKENS)))
    }
}

/// Whether an answer's model is the one that was asked: by its name, or a dated or numbered edition of it.
fn is_same(asked: &str, answered: &str) -> bool {
    let answered = answered.strip_prefix("models/").unwrap_or(answered);
    if answered == asked {
        return true;
    }
    let base = asked.strip_suffix("-latest").unwrap_or(asked);
    let Some(edition) = answered.strip_prefix(base).and_then(|rest| rest.strip_prefix(['-', '@'])) else {
        return false;
    };
    let digits = edition.bytes().filter(u8::is_ascii_digit).count();
    edition.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && matches!(digits, 3 | 4 | 8)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edition_is_the_model_and_another_model_is_not() {
        for (asked, answered) in [
            ("gpt-5", "gpt-5"),
            ("gpt-5", "gpt-5-2025-08-07"),
            ("gpt-4", "gpt-4-0613"),
            ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219"),
            ("gemini-1.5-pro", "models/gemini-1.5-pro-002"),
            ("gemini-2.5-flash-preview", "gemini-2.5-flash-preview-05-20"),
        ] {
            assert!(is_same(asked, answered), "{asked} {answered}");
        }
        for (asked, answered) in [
            ("gpt-5", "gpt-5-mini"),
            ("gpt-5", "gpt-5.1"),
            ("claude-3", "claude-3-5"),
            ("gpt-5-2025-08-07", "gpt-5"),
            ("gpt-5", "gpt-50613"),
            ("gpt-5", ""),
            ("gpt-5", "GPT-5"),
        ] {
            assert!(!is_same(asked, answered), "{asked} {answered}");
        }
    }

    #[test]
    fn tokens_are_counted_in_each_protocol() {
        let used = |endpoint, json: Json| {
            let mut seen = Seen::default();
            seen.answer(endpoint, "m", &json);
            seen.used()
        };
        let chat = json!({"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}});
        assert_eq!(used(Endpoint::Chat, chat), Some((3, 4)));
        assert_eq!(
            used(Endpoint::Responses, json!({"usage":{"input_tokens":5,"output_tokens":6}})),
            Some((5, 6))
        );
        let cached = json!({"usage":{"input_tokens":5,"cache_read_input_tokens":10,
            "cache_creation_input_tokens":1,"output_tokens":6}});
        assert_eq!(used(Endpoint::Messages, cached), Some((16, 6)));
        let google = json!({"usageMetadata":{"promptTokenCount":2,"candidatesTokenCount":3,
            "thoughtsTokenCount":4,"totalTokenCount":9}});
        assert_eq!(used(Endpoint::Generate, google), Some((2, 7)));
        assert_eq!(used(Endpoint::Chat, json!({"usage":null})), None);
        assert_eq!(used(Endpoint::Chat, json!({"usage":{"prompt_tokens":-1,"completion_tokens":1}})), None);
        let lie = json!({"usage":{"prompt_tokens":u64::MAX,"completion_tokens":1}});
        assert_eq!(used(Endpoint::Chat, lie), Some((MAX_TOKENS, 1)));
    }

    #[test]
    fn streams_say_when_they_end_and_what_they_used() {
        let mut seen = Seen::default();
        let mut event = |text: &str| seen.event(Endpoint::Messages, "m", text.as_bytes());
        let start = r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":9,"output_tokens":1}}}"#;
        assert_eq!(event(start), Event::Part);
        assert_eq!(event(r#"{"type":"message_delta","usage":{"output_tokens":12}}"#), Event::Part);
        assert_eq!(event(r#"{"type":"message_stop"}"#), Event::Last);
        assert_eq!(seen.used(), Some((9, 12)));
        let mut seen = Seen::default();
        let failed = r#"{"type":"response.failed","response":{"model":"n","usage":{"input_tokens":1,"output_tokens":0}}}"#;
        assert_eq!(seen.event(Endpoint::Responses, "m", failed.as_bytes()), Event::Last);
        assert_eq!((seen.failed, seen.another.as_deref(), seen.used()), (true, Some("n"), Some((1, 0))));
        let mut seen = Seen::default();
        assert_eq!(seen.event(Endpoint::Chat, "m", b" [DONE]"), Event::Last);
        let ends = br#"{"candidates":[{"finishReason":"STOP"}],"modelVersion":"m"}"#;
        assert_eq!(seen.event(Endpoint::GenerateStream, "m", ends), Event::PerhapsLast);
    }
}
