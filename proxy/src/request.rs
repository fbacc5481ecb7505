//! What a request asks of a model, in each protocol.

use bytes::Bytes;
use wpc_model::{Redaction, check_model};

use crate::json::{Json, Problem};
use crate::redact::{Hasher, Redacted, redact};
use crate::refusal::Refusal;
use crate::shape::Endpoint;

/// What was added to streams so that the provider says what they used.
const USAGE: &str = "stream_options.include_usage";
/// Most tokens that anybody asks for.
const MAX_OUTPUT: u64 = 10_000_000;

/// A request, as it is sent on.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) model: String,
    /// The most that may be written, over all answers; none if the request does not say.
    pub(crate) most_output: Option<u64>,
    pub(crate) stream: bool,
    /// The tools that the model is offered.
    pub(crate) tools: Vec<String>,
    pub(crate) body: Bytes,
    pub(crate) redacted: Redacted,
    /// What the gateway added.
    pub(crate) added: Option<&'static str>,
}

/// Reads a request, and takes out of it what the policy says. What is decided is what is sent on.
pub(crate) fn read(
    bytes: Bytes,
    endpoint: Endpoint,
    of_path: Option<&str>,
    rules: &[Redaction],
    hasher: &Hasher<'_>,
) -> Result<Asked, Refusal> {
    let mut json = Json::read(&bytes).map_err(|problem| match problem {
        Problem::NotJson => Refusal::bad("not_json", "the request is not JSON"),
        Problem::Twice => Refusal::bad("duplicate_key", "the request has a key twice in one object"),
        Problem::Deep => Refusal::too_large(),
    })?;
    if !matches!(json, Json::Object(_)) {
        return Err(Refusal::bad("wrong_type", "the request is no JSON object"));
    }
    let redacted = redact(&mut json, rules, hasher);
    let model = model(&json, of_path)?;
    let stream = match endpoint {
        Endpoint::Generate => false,
        Endpoint::GenerateStream => true,
        Endpoint::Chat | Endpoint::Responses | Endpoint::Messages => flag(&json, "stream")?,
    };
    let most_output = most_output(&json, endpoint)?;
    let added =
        (endpoint == Endpoint::Chat && stream).then(|| ask_for_usage(&mut json)).transpose()?.flatten();
    let body = if redacted.values == 0 && added.is_none() { bytes } else { json.encode().into() };
    Ok(Asked { model, most_output, stream, tools: tools(&json), body, redacted, added })
}

fn wrong(name: &str, what: &str) -> Refusal {
    Refusal::bad("wrong_type", format!("`{name}` is no {what}"))
}

fn model(json: &Json, of_path: Option<&str>) -> Result<String, Refusal> {
    let stated = match json.stated("model") {
        Some(value) => Some(value.as_str().ok_or_else(|| wrong("model", "text"))?),
        None => None,
    };
    let model = match (of_path, stated) {
        (Some(path), Some(stated)) if stated.strip_prefix("models/").unwrap_or(stated) != path => {
            return Err(Refusal::bad("wrong_type", "the path and the request name two models"));
        }
        (Some(model), _) | (None, Some(model)) => model,
        (None, None) => return Err(Refusal::bad("missing_member", "the request names no `model`")),
    };
    check_model(model).map_err(|_| Refusal::bad("wrong_type", "`model` is no name of a model"))?;
    Ok(model.to_owned())
}

fn flag(json: &Json, name: &str) -> Result<bool, Refusal> {
    match json.stated(name) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name, "boolean")),
    }
}

fn number(json: &Json, name: &str) -> Result<Option<u64>, Refusal> {
    let Some(value) = json.stated(name) else { return Ok(None) };
    let number = value.as_u64().ok_or_else(|| wrong(name, "whole number"))?;
    Ok(Some(number.min(MAX_OUTPUT)))
}

fn most_output(json: &Json, endpoint: Endpoint) -> Result<Option<u64>, Refusal> {
    let times = |most: Option<u64>, answers: Option<u64>| {
        most.map(|most| most.saturating_mul(answers.unwrap_or(1).max(1)).min(MAX_OUTPUT))
    };
    match endpoint {
        Endpoint::Chat => {
            let most = number(json, "max_completion_tokens")?.max(number(json, "max_tokens")?);
            Ok(times(most, number(json, "n")?))
        }
        Endpoint::Responses => {
            // Its answer would come when nobody counts any more.
            if flag(json, "background")? {
                return Err(Refusal::bad(
                    "request_unsupported",
                    "`background` is not taken; wait for the answer",
                ));
            }
            number(json, "max_output_tokens")
        }
        Endpoint::Messages => number(json, "max_tokens"),
        Endpoint::Generate | Endpoint::GenerateStream => {
            let Some(config) = either(json, "generationConfig", "generation_config")? else {
                return Ok(None);
            };
            if !matches!(config, Json::Object(_)) {
                return Err(wrong("generationConfig", "object"));
            }
            let of = |camel, snake| match either(config, camel, snake)? {
                Some(_) => Ok(number(config, camel)?.or(number(config, snake)?)),
                None => Ok(None),
            };
            Ok(times(of("maxOutputTokens", "max_output_tokens")?, of("candidateCount", "candidate_count")?))
        }
    }
}

/// A member of a message in protocol buffers' JSON, which has two spellings.
fn either<'j>(json: &'j Json, camel: &str, snake: &str) -> Result<Option<&'j Json>, Refusal> {
    match (json.stated(camel), json.stated(snake)) {
        (Some(_), Some(_)) => {
            Err(Refusal::bad("duplicate_key", format!("`{camel}` stands in the request in two spellings")))
        }
        (one, other) => Ok(one.or(other)),
    }
}

/// Asks that a stream ends with what it used.
fn ask_for_usage(json: &mut Json) -> Result<Option<&'static str>, Refusal> {
    let mut options = match json.stated("stream_options") {
        None => Json::Object(Vec::new()),
        Some(options @ Json::Object(_)) => options.clone(),
        Some(_) => return Err(wrong("stream_options", "object")),
    };
    if options.get("include_usage").and_then(Json::as_bool) == Some(true) {
        return Ok(None);
    }
    options.set("include_usage", Json::Bool(true));
    json.set("stream_options", options);
    Ok(Some(USAGE))
}

/// The names of tools, as far as they have one; of the others what they are.
fn tools(json: &Json) -> Vec<String> {
    let mut names = Vec::new();
    for tool in json.get("tools").map(Json::items).unwrap_or_default() {
        let declared = tool.get("functionDeclarations").or_else(|| tool.get("function_declarations"));
        if let Some(declared) = declared {
            names.extend(
                declared.items().iter().filter_map(|one| Some(one.get("name")?.as_str()?.to_owned())),
            );
            continue;
        }
        let inner = ["function", "custom"].into_iter().find_map(|kind| tool.get(kind)).unwrap_or(tool);
        let name = inner.get("name").or_else(|| tool.get("type")).and_then(Json::as_str);
        // Google's own tools are members without a name.
        let first =
            || if let Json::Object(members) = tool { Some(members.first()?.0.as_str()) } else { None };
        names.extend(name.or_else(first).map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use wpc_model::{JsonPath, Redact};
    use zeroize::Zeroizing;

    use super::*;

    fn asked(text: &str, endpoint: Endpoint) -> Result<Asked, &'static str> {
        let key = Zeroizing::new([0; 32]);
        let of_path = matches!(endpoint, Endpoint::Generate | Endpoint::GenerateStream).then_some("gemini");
        let hasher = Hasher { key: &key, job: "j" };
        read(Bytes::copy_from_slice(text.as_bytes()), endpoint, of_path, &[], &hasher)
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_most_that_may_be_written_is_read_in_each_protocol() {
        let most = |text, endpoint| asked(text, endpoint).unwrap().most_output;
        assert_eq!(most(r#"{"model":"m"}"#, Endpoint::Chat), None);
        assert_eq!(most(r#"{"model":"m","max_tokens":5,"n":3}"#, Endpoint::Chat), Some(15));
        assert_eq!(
            most(r#"{"model":"m","max_tokens":5,"max_completion_tokens":7}"#, Endpoint::Chat),
            Some(7)
        );
        assert_eq!(most(r#"{"model":"m","max_tokens":null}"#, Endpoint::Chat), None);
        assert_eq!(most(r#"{"model":"m","max_output_tokens":9}"#, Endpoint::Responses), Some(9));
        assert_eq!(most(r#"{"model":"m","max_tokens":9}"#, Endpoint::Messages), Some(9));
        let google = r#"{"generationConfig":{"maxOutputTokens":4,"candidateCount":2}}"#;
        assert_eq!(most(google, Endpoint::Generate), Some(8));
        assert_eq!(most(r#"{"generation_config":{"max_output_tokens":4}}"#, Endpoint::Generate), Some(4));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (text, endpoint, code) in [
            ("[]", Endpoint::Chat, "wrong_type"),
            ("{", Endpoint::Chat, "not_json"),
            ("{}", Endpoint::Chat, "missing_member"),
            (r#"{"model":1}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"gpt-*"}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"a","model":"b"}"#, Endpoint::Chat, "duplicate_key"),
            (r#"{"model":"m","max_tokens":1.5}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"m","max_tokens":-1}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"m","stream":"yes"}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"m","stream":true,"stream_options":1}"#, Endpoint::Chat, "wrong_type"),
            (r#"{"model":"m","background":true}"#, Endpoint::Responses, "request_unsupported"),
            (r#"{"model":"other"}"#, Endpoint::Generate, "wrong_type"),
            (
                r#"{"generationConfig":{"maxOutputTokens":4,"max_output_tokens":9}}"#,
                Endpoint::Generate,
                "duplicate_key",
            ),
        ] {
            assert_eq!(asked(text, endpoint).unwrap_err(), code, "{text}");
        }
    }

    #[test]
    fn streams_are_asked_what_they_used_and_nothing_else_is_changed() {
        let stream = asked(r#"{"stream":true,"model":"m","x":1}"#, Endpoint::Chat).unwrap();
        assert_eq!(stream.added, Some(USAGE));
        let sent = String::from_utf8(stream.body.to_vec()).unwrap();
        assert_eq!(sent, r#"{"stream":true,"model":"m","x":1,"stream_options":{"include_usage":true}}"#);
        let text = r#"{ "stream": true, "model":"m","stream_options":{"include_usage":true}}"#;
        let same = asked(text, Endpoint::Chat).unwrap();
        assert_eq!((same.added, &*same.body), (None, text.as_bytes()));
        assert!(asked(r#"{"stream":true,"model":"m"}"#, Endpoint::Messages).unwrap().added.is_none());
    }

    #[test]
    fn tools_are_found_in_each_protocol() {
        let names = |text, endpoint| asked(text, endpoint).unwrap().tools;
        let chat =
            r#"{"model":"m","tools":[{"type":"function","function":{"name":"a"}},{"type":"web_search"}]}"#;
        assert_eq!(names(chat, Endpoint::Chat), ["a", "web_search"]);
        assert_eq!(
            names(r#"{"model":"m","tools":[{"name":"b","input_schema":{}}]}"#, Endpoint::Messages),
            ["b"]
        );
        let google =
            r#"{"tools":[{"functionDeclarations":[{"name":"c"},{"name":"d"}]},{"googleSearch":{}}]}"#;
        assert_eq!(names(google, Endpoint::Generate), ["c", "d", "googleSearch"]);
    }

    #[test]
    fn what_is_decided_is_what_is_left_after_redaction() {
        let key = Zeroizing::new([0; 32]);
        let rule = Redaction { path: JsonPath::parse("$.model").unwrap(), how: Redact::Remove };
        let hasher = Hasher { key: &key, job: "j" };
        let bytes = Bytes::from_static(br#"{"model":"m"}"#);
        let refused = read(bytes, Endpoint::Chat, None, &[rule], &hasher).unwrap_err();
        assert_eq!(refused.code, "missing_member");
    }
}
