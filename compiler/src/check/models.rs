//! `models`: which models may be called, how much, and what never reaches them.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Quantity, Setting, Settings, Value as Written};
use wpc_model::{Cost, JsonPath, Model, Models, Redact, Redaction, Type, Value, check_model, check_provider};

use super::Checker;
use super::settings::Set;
use crate::names::{Followed, Trail};
use crate::value::{Reader, Single};
use crate::words::{counted, describe_value, one_of};
use crate::{Code, Diagnostic, currency, shape, unit};

const MODELS: &[&str] = &["allow", "providers", "budget", "redact"];

/// What tokens are counted in.
const TOKENS: &str = "tokens";

/// Where parts of a block stand, for those that contradict them.
#[derive(Default)]
struct Seen {
    providers: BTreeMap<String, Span>,
    models: Vec<(Model, Span)>,
    redacted: BTreeMap<JsonPath, Span>,
    tokens: Option<Span>,
    cost: Option<Span>,
}

impl<'a> Checker<'_, 'a, '_> {
    pub(super) fn models(&mut self, block: &'a Settings, set: &mut Set) -> Models {
        let mut settings: BTreeMap<&str, &Setting> = BTreeMap::new();
        let (mut models, mut seen) = (Models::default(), Seen::default());
        for setting in &block.settings {
            // A block takes out as many parts as it names.
            if setting.name.text == "redact" {
                self.redact(setting, &mut models, &mut seen);
                continue;
            }
            if !self.is_new(setting, MODELS, &mut settings) {
                continue;
            }
            match setting.name.text.as_str() {
                "allow" => {
                    for value in self.values(setting, "models, such as `allow \"anthropic/claude-sonnet-4\"`")
                    {
                        self.allowed_models(value, &mut seen);
                    }
                }
                "providers" => {
                    set.providers = Some(setting.loc.0);
                    for value in self.values(setting, "providers, such as `providers \"anthropic\"`") {
                        self.providers(value, &mut seen);
                    }
                }
                _ => {
                    for value in self.values(setting, "amounts, such as `budget 1_000_000 tokens, 5.00 USD`")
                    {
                        self.budget(value, &mut models, &mut seen);
                    }
                }
            }
        }
        for (model, place) in &seen.models {
            if let Some(whole) = seen.providers.get(&model.provider) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedSetting,
                        *place,
                        format!("found a model of `{}`, of which every model is allowed", model.provider),
                        "says nothing more",
                    )
                    .also(*whole, "allows every model")
                    .help("keep one of them"),
                );
            }
        }
        if !settings.contains_key("allow") && !settings.contains_key("providers") {
            self.problems.report(
                Diagnostic::error(
                    Code::MissingSetting,
                    block.name.loc.0,
                    "found `models` that allows no model",
                    "incomplete",
                )
                .help("add `allow \"provider/model\"`, or remove the block: without it no model is allowed"),
            );
        }
        models.allow = seen.models.into_iter().map(|(model, _)| model).collect();
        models.providers = seen.providers.into_keys().collect();
        models
    }

    /// The texts that a value stands for, each with its place.
    fn texts(&mut self, value: &'a Written) -> Vec<(String, Span)> {
        let mut reader = Reader::new(self.names, self.problems);
        let read = reader.constants(value, &Type::Text, Single::Accepted).unwrap_or_default();
        let text = |(value, place)| if let Value::Text(text) = value { Some((text, place)) } else { None };
        read.into_iter().filter_map(text).collect()
    }

    fn allowed_models(&mut self, value: &'a Written, seen: &mut Seen) {
        for (text, place) in self.texts(value) {
            let wrong = |why: String| {
                Diagnostic::error(
                    Code::InvalidName,
                    place,
                    format!("found {text:?}, expected `provider/model`: {why}"),
                    "not a model",
                )
                .help("write `\"provider/model\"`, or `providers \"provider\"` for all of a provider")
            };
            let Some((provider, name)) = text.split_once('/') else {
                self.problems.report(wrong("it has no `/`".to_owned()));
                continue;
            };
            let checked = check_provider(provider)
                .map_err(|why| format!("the provider {why}"))
                .and_then(|()| check_model(name).map_err(|why| format!("the model {why}")));
            match checked {
                Err(why) => self.problems.report(wrong(why)),
                Ok(()) => {
                    seen.models.push((Model { provider: provider.to_owned(), name: name.to_owned() }, place))
                }
            }
        }
    }

    fn providers(&mut self, value: &'a Written, seen: &mut Seen) {
        for (name, place) in self.texts(value) {
            match check_provider(&name) {
                Ok(()) => {
                    seen.providers.entry(name).or_insert(place);
                }
                Err(why) => self.problems.report(
                    Diagnostic::error(
                        Code::InvalidName,
                        place,
                        format!("found {name:?}, which is no provider: it {why}"),
                        "not a provider",
                    )
                    .help("write its name alone, in lower case"),
                ),
            }
        }
    }

    fn budget(&mut self, value: &'a Written, models: &mut Models, seen: &mut Seen) {
        let place = value.loc().0;
        let mut trail = Trail { used: place, declared: None };
        let (amount, code) = match self.names.follow(value, &mut trail, self.problems) {
            None => return,
            Some(Followed::Given(Type::Money { currency }, Value::Int(amount))) => {
                (*amount, Some(currency.clone()))
            }
            Some(Followed::Written(Written::Quantity(quantity))) => match self.amount(quantity, trail) {
                Some(amount) => amount,
                None => return,
            },
            Some(Followed::Given(..) | Followed::Written(_)) => {
                let found = format!("found {}, expected tokens or an amount of money", describe_value(value));
                return self.problems.report(
                    Diagnostic::error(Code::WrongType, place, found, "not a budget")
                        .also_at(trail.declared, "declared here")
                        .help("write `1_000_000 tokens` or `5.00 USD`"),
                );
            }
        };
        if amount < 1 {
            return self.too_small(place);
        }
        let (first, of) = match &code {
            None => (seen.tokens.replace(place), "tokens"),
            Some(_) => (seen.cost.replace(place), "money"),
        };
        if let Some(first) = first {
            return self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    place,
                    format!("found two budgets of {of}"),
                    "repeated",
                )
                .also(first, "first set here")
                .help("keep one of them"),
            );
        }
        match code {
            None => models.tokens = Some(amount),
            Some(currency) => models.cost = Some(Cost { currency, minor_units: amount }),
        }
    }

    /// Tokens, or minor units of a currency.
    fn amount(&mut self, quantity: &Quantity, trail: Trail) -> Option<(i64, Option<String>)> {
        let word = quantity.unit.as_ref().map(|unit| unit.text.as_str());
        let read = match word {
            Some(TOKENS) => {
                let bare = Quantity { unit: None, ..quantity.clone() };
                unit::integer(&bare, &Type::Count).map(|amount| (amount, None))
            }
            Some(code) if currency::exists(code) => {
                let ty = Type::Money { currency: code.to_owned() };
                unit::integer(quantity, &ty).map(|amount| (amount, Some(code.to_owned())))
            }
            other => {
                let near =
                    other.and_then(|word| self.problems.nearest(word, currency::codes().chain([TOKENS])));
                let found =
                    format!("found `{}`, expected `{TOKENS}` or an amount of money", unit::written(quantity));
                self.problems.report(
                    Diagnostic::error(Code::WrongUnit, trail.used, found, "not a budget")
                        .also_at(trail.declared, "the value comes from here")
                        .help(near.unwrap_or_else(|| "write `1_000_000 tokens` or `5.00 USD`".to_owned())),
                );
                return None;
            }
        };
        read.map_err(|fault| {
            self.problems.report(fault.at(trail.used).also_at(trail.declared, "the value comes from here"));
        })
        .ok()
    }

    /// `redact "$.path" mask`.
    fn redact(&mut self, setting: &'a Setting, models: &mut Models, seen: &mut Seen) {
        let [group] = setting.groups.as_slice() else { return self.incomplete_redact(setting) };
        let [path, how] = group.as_slice() else { return self.incomplete_redact(setting) };
        let known = Redact::ALL.iter().map(|how| how.word());
        let word = shape::word(how).map(|word| word.text.as_str());
        let chosen = word.and_then(Redact::from_word);
        if chosen.is_none() {
            let near = word.and_then(|word| self.problems.nearest(word, known.clone()));
            let found = format!("found {}, expected {}", describe_value(how), one_of(known.clone()));
            self.problems.report(
                Diagnostic::error(Code::UnknownSetting, how.loc().0, found, "no such setting")
                    .help(near.unwrap_or_else(|| format!("use {}", one_of(known)))),
            );
        }
        let mut reader = Reader::new(self.names, self.problems);
        let Some(Value::Text(text)) = reader.constant(path, &Type::Text) else { return };
        let place = path.loc().0;
        match JsonPath::parse(&text) {
            Err(why) => self.problems.report(
                Diagnostic::error(
                    Code::InvalidJsonPath,
                    place,
                    format!("found {text:?}, which is no path that can be followed: it {why}"),
                    "not such a path",
                )
                .help("write `$.name`, `$.list[*].name` or `$..name`"),
            ),
            Ok(path) => {
                if let Some(first) = seen.redacted.insert(path.clone(), place) {
                    return self.problems.report(
                        Diagnostic::error(
                            Code::RepeatedSetting,
                            place,
                            format!("found `{path}` twice"),
                            "repeated",
                        )
                        .also(first, "first redacted here")
                        .help("keep one of them"),
                    );
                }
                models.redact.extend(chosen.map(|how| Redaction { path, how }));
            }
        }
    }

    fn incomplete_redact(&mut self, setting: &Setting) {
        let found = setting.groups.iter().map(Vec::len).sum::<usize>();
        self.problems.report(
            Diagnostic::error(
                Code::WrongCount,
                setting.loc.0,
                format!("found `redact` with {}, expected a path and what to do", counted(found, "value")),
                "too many or too few",
            )
            .help("write `redact \"$.path\" mask`, each path on its own"),
        );
    }
}
