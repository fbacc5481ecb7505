//! Values back from evidence: what a log committed to and its openings show.

use std::collections::BTreeMap;

use super::conform::{Conform, Needs, unknown};
use super::malformed::Malformed;
use super::reader::{Reader, Seal};
use super::to_json::Shown;
use super::typed::{action_of, check_resource};
use super::{Call, Given, Measured, RawCall};
use crate::canon::Json;
use crate::place::Place;
use crate::{Field, Policy, Seals, Value};

impl Call {
    /// Types a call of which only some arguments are known: those that a policy reads are enough to
    /// decide it as it was decided. What is there must be of its type; any argument may be missing.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn reopen(raw: RawCall, policy: &Policy) -> Result<Self, Malformed> {
        let RawCall { tool, action, resource, arguments } = raw;
        let (found, of) = action_of(policy, &tool, &action)?;
        let seals = Seals::of(policy, &tool, &action);
        let reader =
            Reader { interface: &found.interface, measured: Measured::Accept, seal: Seal::Opened(&seals) };
        let resource = resource.map(|resource| reader.resource(resource, of)).transpose()?;
        check_resource(&found.interface, of, resource.as_ref())?;
        let at = Place::Root.member("arguments");
        let arguments = reader.fields(arguments, &of.arguments, None, at)?;
        let conform = Conform { interface: &found.interface, needs: Needs::Everything };
        for (name, value) in &arguments {
            let at = at.member(name);
            let field = of.arguments.get(name).ok_or_else(|| unknown(at, &of.arguments))?;
            let only = BTreeMap::from([(name.clone(), field.clone())]);
            conform.fields(&only, &BTreeMap::from([(name.clone(), value.clone())]), at, 0)?;
        }
        Ok(Self { tool, action, resource, arguments })
    }

    /// Fields of what the call returned, as JSON, in the spelling that [`Call::returned`] reads.
    #[must_use]
    pub fn returned_json(
        &self,
        policy: &Policy,
        returned: &BTreeMap<String, Value>,
    ) -> BTreeMap<String, Json> {
        let fields = self.returned_fields(policy);
        let interface = policy.tools.get(&self.tool).map(|tool| &tool.interface);
        match (Shown { interface }).fields(returned, Some(&fields)) {
            Json::Object(members) => members,
            Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Text(_) | Json::Array(_) => BTreeMap::new(),
        }
    }

    /// Types fields of what the call returned.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn returned(
        &self,
        policy: &Policy,
        given: BTreeMap<String, Given>,
    ) -> Result<BTreeMap<String, Value>, Malformed> {
        let (tool, _) = action_of(policy, &self.tool, &self.action)?;
        let reader = Reader { interface: &tool.interface, measured: Measured::Accept, seal: Seal::Unread };
        let fields = self.returned_fields(policy);
        let at = Place::Root.member("result");
        let values = reader.fields(given, &fields, None, at)?;
        Conform { interface: &tool.interface, needs: Needs::Everything }.fields(&fields, &values, at, 0)?;
        Ok(values)
    }

    /// What the call may return, as fields that may all be missing.
    fn returned_fields(&self, policy: &Policy) -> BTreeMap<String, Field> {
        let action = policy.tools.get(&self.tool).and_then(|tool| tool.interface.actions.get(&self.action));
        let results = action.into_iter().flat_map(|action| &action.results);
        let field = |ty| Field { ty, optional: true, measured: false, sealed: false, must_state: false };
        results.map(|(name, returned)| (name.clone(), field(returned.ty.clone()))).collect()
    }
}
