//! What a path asks for. Whatever is not here is not forwarded.

use http::Method;

use crate::refusal::Refusal;
use crate::shape::{Endpoint, Shape};

/// Where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Route {
    /// To a model.
    Call(Target),
    /// The models that the policy names, in this protocol.
    Models(Shape),
    /// One of them.
    Model(Shape, String),
    /// Whether the gateway is there.
    Health,
}

/// A model's interface at a provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) provider: String,
    pub(crate) endpoint: Endpoint,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Below the provider's URL, with the query.
    pub(crate) path: String,
}

/// The protocol in which an unknown path is answered.
pub(crate) fn shape_of(path: &str) -> Shape {
    if path.contains("/v1beta/")
        || path.contains(":generateContent")
        || path.contains(":streamGenerateContent")
    {
        Shape::Google
    } else if path.contains("/messages") || path.starts_with("/anthropic/") {
        Shape::Anthropic
    } else {
        Shape::OpenAi
    }
}

/// Reads a request's line. `/PROVIDER` may stand before every path, and must where nobody else is meant.
pub(crate) fn read(method: &Method, path: &str, query: Option<&str>) -> Result<Route, Refusal> {
    if path == "/health" && method == Method::GET {
        return Ok(Route::Health);
    }
    let (named, below) = match path.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
        Some((first, rest)) if !matches!(first, "v1" | "v1beta") => (Some(first), format!("/{rest}")),
        _ => (None, path.to_owned()),
    };
    let unknown = || Refusal::not_found("route_unknown", format!("there is no `{}`", shown(path)));
    let shape = named.map(Shape::of_provider);
    if method == Method::GET {
        let listed = match below.strip_prefix("/v1/models") {
            Some(rest) => Some((shape.unwrap_or(Shape::OpenAi), rest)),
            None => below.strip_prefix("/v1beta/models").map(|rest| (Shape::Google, rest)),
        };
        return match listed {
            Some((shape, "")) => Ok(Route::Models(shape)),
            Some((shape, one)) => {
                one.strip_prefix('/').map(|one| Route::Model(shape, one.to_owned())).ok_or_else(unknown)
            }
            None => Err(unknown()),
        };
    }
    let (endpoint, model) = endpoint(&below).ok_or_else(unknown)?;
    let provider = named.unwrap_or(match endpoint.shape() {
        Shape::OpenAi => "openai",
        Shape::Anthropic => "anthropic",
        Shape::Google => "google",
    });
    if Shape::of_provider(provider) != endpoint.shape() {
        return Err(unknown());
    }
    if method != Method::POST {
        return Err(Refusal::method());
    }
    let path = match checked(query, endpoint)? {
        Some(query) => format!("{below}?{query}"),
        None => below.clone(),
    };
    Ok(Route::Call(Target { provider: provider.to_owned(), endpoint, model, path }))
}

fn endpoint(path: &str) -> Option<(Endpoint, Option<String>)> {
    match path {
        "/v1/chat/completions" => Some((Endpoint::Chat, None)),
        "/v1/responses" => Some((Endpoint::Responses, None)),
        "/v1/messages" => Some((Endpoint::Messages, None)),
        _ => {
            let (model, method) = ["/v1beta/models/", "/v1/models/"]
                .iter()
                .find_map(|above| path.strip_prefix(above))?
                .split_once(':')?;
            let endpoint = match method {
                "generateContent" => Endpoint::Generate,
                "streamGenerateContent" => Endpoint::GenerateStream,
                _ => return None,
            };
            // It stands in the upstream's path: no escapes, no further segments.
            let plain = wpc_model::check_model(model).is_ok() && !model.contains('/');
            plain.then(|| (endpoint, Some(model.to_owned())))
        }
    }
}

/// The query that goes upstream. Google streams events only where it is asked for them.
fn checked(query: Option<&str>, endpoint: Endpoint) -> Result<Option<String>, Refusal> {
    let mut given = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    let wrong = |part: &str| {
        let name = part.split('=').next().unwrap_or_default();
        Refusal::bad("query_refused", format!("`?{}` is not taken", shown(name)))
    };
    match endpoint {
        Endpoint::GenerateStream => match (given.next(), given.next()) {
            (Some("alt=sse"), None) => Ok(Some("alt=sse".to_owned())),
            (Some(part), None) if part != "alt=sse" => Err(wrong(part)),
            _ => Err(Refusal::bad("query_refused", "a stream is asked for with `?alt=sse`")),
        },
        Endpoint::Messages => match given.find(|part| *part != "beta=true") {
            Some(part) => Err(wrong(part)),
            None => Ok(query.filter(|query| !query.is_empty()).map(|_| "beta=true".to_owned())),
        },
        Endpoint::Chat | Endpoint::Responses | Endpoint::Generate => match given.next() {
            Some(part) => Err(wrong(part)),
            None => Ok(None),
        },
    }
}

/// A client's own words as they may be repeated.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str, query: Option<&str>) -> Result<Target, &'static str> {
        match read(&Method::POST, path, query) {
            Ok(Route::Call(target)) => Ok(target),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.code),
        }
    }

    #[test]
    fn each_protocol_has_its_paths() {
        let provider = |path| call(path, None).map(|target| (target.provider, target.endpoint, target.path));
        assert_eq!(
            provider("/v1/chat/completions"),
            Ok(("openai".into(), Endpoint::Chat, "/v1/chat/completions".into()))
        );
        assert_eq!(
            provider("/groq/v1/responses"),
            Ok(("groq".into(), Endpoint::Responses, "/v1/responses".into()))
        );
        assert_eq!(
            provider("/v1/messages"),
            Ok(("anthropic".into(), Endpoint::Messages, "/v1/messages".into()))
        );
        assert_eq!(
            provider("/v1/models/g:generateContent"),
            Ok(("google".into(), Endpoint::Generate, "/v1/models/g:generateContent".into()))
        );
        let google = call("/v1beta/models/gemini-2.5-pro:streamGenerateContent", Some("alt=sse")).unwrap();
        assert_eq!(google.path, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
        assert_eq!(google.model.as_deref(), Some("gemini-2.5-pro"));
        assert_eq!(call("/v1/messages", Some("beta=true")).unwrap().path, "/v1/messages?beta=true");
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "/",
            "/v1",
            "/v1/embeddings",
            "/v1/chat/completions/",
            "//v1/messages",
            "/openai/v1/messages",
            "/anthropic/v1/chat/completions",
            "/v1beta/models/a%2f:generateContent",
            "/v1beta/models/a/b:generateContent",
            "/v1beta/models/..:generateContent",
            "/a/b/v1/responses",
            "/v1beta/models/a:countTokens",
            "/v1/messages/batches",
        ] {
            assert_eq!(call(path, None).unwrap_err(), "route_unknown", "{path}");
        }
        assert_eq!(call("/v1/responses", Some("key=1")).unwrap_err(), "query_refused");
        assert_eq!(call("/v1beta/models/a:streamGenerateContent", None).unwrap_err(), "query_refused");
        let put = read(&Method::PUT, "/v1/responses", None).unwrap_err();
        assert_eq!(put.code, "method_refused");
    }
}
