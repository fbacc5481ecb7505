//! One call, asked of an artifact.

use serde_json::Value as Json;
use wpc_model::{Call, Value};

use super::condition::{May, Now, every, holds, plain, some, surely, words};

/// One tool of an artifact, and one call.
pub(super) struct Asked<'a> {
    tool: &'a Json,
    action: &'a Json,
    call: &'a Call,
    arguments: Json,
    elements: Vec<Json>,
    now: Now<'a>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(artifact: &'a Json, call: &'a Call, now: Now<'a>) -> Self {
        let tool = &artifact["tools"][&call.tool];
        let action = &tool["interface"]["actions"][&call.action];
        let arguments = plain(&Value::Map(call.arguments.clone()));
        let mut asked = Asked { tool, action, call, arguments, elements: Vec::new(), now };
        if let Some((name, _)) = asked.batch() {
            asked.elements = asked.arguments[name].as_array().unwrap().clone();
        }
        asked
    }

    fn batch(&self) -> Option<(&str, &str)> {
        let arguments = self.action["arguments"].as_object()?;
        arguments.iter().find_map(|(name, field)| Some((name.as_str(), field["type"]["batch"].as_str()?)))
    }

    fn has(&self, name: &str) -> bool {
        let of_element = || {
            let record = &self.tool["interface"]["records"][self.batch()?.1];
            record.get(name)
        };
        self.action["arguments"].get(name).or_else(of_element).is_some()
    }

    /// Whether `target` (a rule, or an item of `on`) is about the call's resource.
    fn target(&self, target: &Json) -> May {
        let Some(kind) = target["kind"].as_str() else { return surely(true) };
        let Some(resource) = self.call.resource.as_ref().filter(|resource| resource.kind == kind) else {
            return surely(false);
        };
        every(target["slots"].as_array().unwrap().iter().zip(&resource.names).map(|(slot, name)| {
            let (exact, folded) = match (slot.as_str(), slot["like"].as_str()) {
                (Some(exact), _) => (exact == name, exact.eq_ignore_ascii_case(name)),
                (_, Some(pattern)) => (
                    wpc_model::glob(pattern, name),
                    wpc_model::glob(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase()),
                ),
                _ => (true, true),
            };
            if exact { surely(true) } else { May { hold: folded, fail: true } }
        }))
    }

    /// Of an allow: all conditions, of the call and of each element.
    fn conditions_of_all(&self, conditions: &[Json]) -> May {
        let (of_element, of_call) = self.split(conditions);
        let of_elements =
            self.elements.iter().flat_map(|one| of_element.iter().map(|triple| holds(one, triple, self.now)));
        every(of_call.iter().map(|triple| holds(&self.arguments, triple, self.now)).chain(of_elements))
    }

    /// Of a deny or an approval: those of the call, and one element that has all of the others.
    fn conditions_of_one(&self, conditions: &[Json]) -> May {
        let (of_element, of_call) = self.split(conditions);
        let of_call = every(of_call.iter().map(|triple| holds(&self.arguments, triple, self.now)));
        if of_element.is_empty() {
            return of_call;
        }
        let one = |element| every(of_element.iter().map(|triple| holds(element, triple, self.now)));
        every([of_call, some(self.elements.iter().map(one))])
    }

    fn split<'c>(&self, conditions: &'c [Json]) -> (Vec<&'c Json>, Vec<&'c Json>) {
        let of_element = |name: &String| name != "clock" && self.action["arguments"].get(name).is_none();
        conditions.iter().partition(|triple| of_element(&words(triple[0].as_str().unwrap())[1]))
    }

    fn rules(&self, list: &str) -> Vec<Json> {
        let rules = self.tool[list].as_array().cloned().unwrap_or_default();
        rules.into_iter().filter(|rule| rule["op"] == "*" || rule["op"] == *self.call.action).collect()
    }

    /// A rule's conditions; of an allow, also those that the tool's constraints say once for all.
    fn conditions(&self, rule: &Json, with_constraints: bool) -> Vec<Json> {
        let mut conditions = rule["if"].as_array().cloned().unwrap_or_default();
        let constraints = self.tool["constraints"].as_object().filter(|_| with_constraints);
        for (name, constant) in constraints.into_iter().flatten() {
            let named = &self.tool["interface"]["constraints"][name];
            if named[1] != "per job" && self.has(named[0].as_str().unwrap()) {
                conditions.push(Json::from(vec![named[0].clone(), named[1].clone(), constant.clone()]));
            }
        }
        conditions
    }

    /// `allow`, `deny` or `none`, with the least id (ids are ordered by their bytes, not their text).
    pub(super) fn ruling(&self) -> String {
        let hits = |rule: &Json| {
            every([self.target(rule), self.conditions_of_one(&self.conditions(rule, false))]).hold
        };
        let holds = |rule: &Json| {
            !every([self.target(rule), self.conditions_of_all(&self.conditions(rule, true))]).fail
        };
        let first = |rules: Vec<Json>, hits: &dyn Fn(&Json) -> bool| rules.into_iter().find(hits);
        if let Some(rule) = first(self.rules("deny"), &hits) {
            return format!("deny {}", rule["id"].as_str().unwrap());
        }
        first(self.rules("allow"), &holds)
            .map_or("none".to_owned(), |rule| format!("allow {}", rule["id"].as_str().unwrap()))
    }

    pub(super) fn approvals(&self, artifact: &Json) -> Vec<String> {
        let rules = artifact["approvals"]["rules"].as_array().cloned().unwrap_or_default();
        let asked = |rule: &Json| {
            rule["tool"] == *self.call.tool
                && rule["ops"].as_array().unwrap().contains(&Json::from(self.call.action.as_str()))
                && every([self.on(rule), self.conditions_of_one(&self.conditions(rule, false))]).hold
        };
        rules.iter().filter(|rule| asked(rule)).map(|rule| rule["id"].as_str().unwrap().to_owned()).collect()
    }

    fn on(&self, statement: &Json) -> May {
        match statement["on"].as_array() {
            None => surely(true),
            Some(targets) => some(targets.iter().map(|target| self.target(target))),
        }
    }

    /// Amounts by maximum and measure, sorted: what the artifact's limits would be charged.
    pub(super) fn demands(&self) -> Option<Vec<(i64, String, i64)>> {
        let mut out = Vec::new();
        for limit in self.tool["limits"].as_array().into_iter().flatten() {
            let about = limit["ops"].as_array().unwrap().contains(&Json::from(self.call.action.as_str()));
            if about && self.on(limit).hold {
                out.push((limit["max"].as_i64()?, limit["measure"].as_str()?));
            }
        }
        let allowed: Vec<_> = self.tool["allow"].as_array().unwrap().iter().map(|rule| &rule["op"]).collect();
        for (name, max) in self.tool["constraints"].as_object().into_iter().flatten() {
            let named = &self.tool["interface"]["constraints"][name];
            let measure = named[0].as_str()?;
            if named[1] == "per job"
                && self.has(measure)
                && allowed.contains(&&Json::from(self.call.action.as_str()))
            {
                out.push((max.as_i64()?, measure));
            }
        }
        let amount = |measure: &str| match (measure, self.batch()) {
            ("calls", _) => Some(1),
            (measure, Some((batch, _))) if measure == batch => i64::try_from(self.elements.len()).ok(),
            (measure, _) if self.action["arguments"].get(measure).is_some() => {
                self.arguments[measure].as_i64()
            }
            (measure, _) => self
                .elements
                .iter()
                .map(|one| one[measure].as_i64())
                .try_fold(0_i64, |sum, one| sum.checked_add(one?)),
        };
        let charge = |(max, measure): (i64, &str)| Some((max, measure.to_owned(), amount(measure)?));
        let mut all: Vec<_> = out.into_iter().map(charge).collect::<Option<_>>()?;
        all.sort();
        Some(all)
    }
}
