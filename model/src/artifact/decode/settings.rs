//! The settings blocks, member by member.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::raw::RawPolicy;
use super::scalars::Text;
use crate::{
    Cost, Credential, Filesystem, JsonPath, Meta, Model, Models, Network, OnChange, Principal, Redact,
    Redaction, Sandbox, Settings, Validity,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawModels<'a> {
    #[serde(borrow, default)]
    allow: Vec<RawModel<'a>>,
    #[serde(borrow, default)]
    budget: RawBudget<'a>,
    #[serde(borrow, default)]
    providers: Vec<Text<'a>>,
    #[serde(default)]
    redact: Vec<RawRedaction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    provider: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBudget<'a> {
    #[serde(borrow)]
    cost: Option<RawCost<'a>>,
    tokens: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCost<'a> {
    #[serde(borrow)]
    currency: Text<'a>,
    minor_units: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRedaction {
    how: Word<Redact>,
    path: RawPath,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSandbox {
    elevated: bool,
    filesystem: Word<Filesystem>,
    network: Word<Network>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawPrincipal<'a> {
    Did(#[serde(borrow)] RawDid<'a>),
    Name(#[serde(borrow)] RawName<'a>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDid<'a> {
    #[serde(borrow)]
    did: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawName<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawValidity {
    from: Option<i64>,
    until: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMeta<'a> {
    #[serde(borrow, default)]
    notes: Vec<Text<'a>>,
    #[serde(borrow)]
    owner: Option<Text<'a>>,
}

/// One of a few words.
pub(super) struct Word<T>(T);

impl<'de, T: FromWord> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(word) = Text::deserialize(deserializer)?;
        T::from_word(&word).map(Self).ok_or_else(|| D::Error::custom("is none of the words that it may be"))
    }
}

/// What a word may stand for.
pub(super) trait FromWord: Sized {
    fn from_word(word: &str) -> Option<Self>;
}

macro_rules! from_word {
    ($($of:ident)*) => {$(
        impl FromWord for $of {
            fn from_word(word: &str) -> Option<Self> {
                Self::from_word(word)
            }
        }
    )*};
}

from_word! { Redact Network Filesystem Credential OnChange }

struct RawPath(JsonPath);

impl<'de> Deserialize<'de> for RawPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(path) = Text::deserialize(deserializer)?;
        JsonPath::parse(&path)
            .map(Self)
            .map_err(|error| D::Error::custom(format_args!("is no path: {error}")))
    }
}

/// Takes the settings out of a policy.
pub(super) fn settings(raw: &mut RawPolicy<'_>) -> Settings {
    Settings {
        models: raw.models.take().map(models),
        sandbox: raw.sandbox.take().map(|raw| Sandbox {
            network: raw.network.0,
            filesystem: raw.filesystem.0,
            elevated: raw.elevated,
        }),
        agents: principals(raw.agents.take()),
        requesters: principals(raw.requesters.take()),
        environment: raw.environment.take().map(owned),
        credential: raw.credential.take().map(|word| word.0),
        valid: raw.valid.take().map(|raw| Validity { from: raw.from, until: raw.until }).unwrap_or_default(),
        on_change: raw.on_change.take().map(|word| word.0).unwrap_or_default(),
        meta: raw.meta.take().map(meta).unwrap_or_default(),
    }
}

fn models(raw: RawModels<'_>) -> Models {
    Models {
        allow: raw
            .allow
            .into_iter()
            .map(|raw| Model { provider: owned(raw.provider), name: owned(raw.model) })
            .collect(),
        providers: raw.providers.into_iter().map(owned).collect(),
        tokens: raw.budget.tokens,
        cost: raw.budget.cost.map(|raw| Cost { currency: owned(raw.currency), minor_units: raw.minor_units }),
        redact: raw.redact.into_iter().map(|raw| Redaction { path: raw.path.0, how: raw.how.0 }).collect(),
    }
}

fn meta(raw: RawMeta<'_>) -> Meta {
    Meta { owner: raw.owner.map(owned), notes: raw.notes.into_iter().map(owned).collect() }
}

fn principals(raw: Option<Vec<RawPrincipal<'_>>>) -> Vec<Principal> {
    let one = |raw| match raw {
        RawPrincipal::Did(RawDid { did }) => Principal::Did(owned(did)),
        RawPrincipal::Name(RawName { name }) => Principal::Name(owned(name)),
    };
    raw.into_iter().flatten().map(one).collect()
}

fn owned(text: Text<'_>) -> String {
    text.0.into_owned()
}
