//! The models that a policy names, as providers list theirs. Nobody upstream is asked.

use serde_json::{Value as Json, json};
use wpc_model::Policy;

use crate::refusal::Refusal;
use crate::shape::Shape;

/// Models by name of those that every layer allows, with their providers.
fn allowed(policy: &Policy) -> Vec<(&str, &str)> {
    let models = policy.layers().filter_map(|layer| layer.settings.models.as_ref());
    let mut named: Vec<_> = models
        .flat_map(|models| models.allow.iter().map(|one| (one.provider.as_str(), one.name.as_str())))
        .filter(|(provider, name)| policy.admits_model(provider, name))
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// What the policy allows, in words.
pub(crate) fn words(policy: &Policy) -> String {
    let mut words: Vec<_> =
        allowed(policy).iter().map(|(provider, name)| format!("`{provider}/{name}`")).collect();
    let models = policy.layers().filter_map(|layer| layer.settings.models.as_ref());
    let mut providers: Vec<_> = models.flat_map(|models| models.providers.iter()).collect();
    providers.dedup();
    words.extend(providers.iter().map(|provider| format!("every model of `{provider}`")));
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// The list in one protocol: OpenAI's has every provider's that speaks it.
pub(crate) fn list(policy: &Policy, shape: Shape) -> Json {
    let all: Vec<_> = entries(policy, shape).collect();
    match shape {
        Shape::OpenAi => json!({ "object": "list", "data": all }),
        Shape::Anthropic => {
            let id = |one: Option<&Json>| one.and_then(|one| one.get("id")).cloned();
            json!({ "data": all, "has_more": false, "first_id": id(all.first()), "last_id": id(all.last()) })
        }
        Shape::Google => json!({ "models": all }),
    }
}

/// One of them.
pub(crate) fn one(policy: &Policy, shape: Shape, name: &str) -> Result<Json, Refusal> {
    let full = if shape == Shape::Google { format!("models/{name}") } else { name.to_owned() };
    let named = |one: &Json| {
        let id = one.get("id").or_else(|| one.get("name"));
        id.and_then(Json::as_str) == Some(&full)
    };
    let unknown = || Refusal::not_found("model_not_allowed", "the policy names no such model");
    entries(policy, shape).find(named).ok_or_else(unknown)
}

fn entries(policy: &Policy, shape: Shape) -> impl Iterator<Item = Json> {
    let of_shape = move |provider: &str| Shape::of_provider(provider) == shape;
    allowed(policy).into_iter().filter(move |(provider, _)| of_shape(provider)).map(
        move |(provider, name)| match shape {
            Shape::OpenAi => json!({ "id": name, "object": "model", "created": 0, "owned_by": provider }),
            Shape::Anthropic => json!({
                "type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z",
            }),
            Shape::Google => json!({
                "name": format!("models/{name}"), "displayName": name,
                "supportedGenerationMethods": ["generateContent", "streamGenerateContent"],
            }),
        },
    )
}
