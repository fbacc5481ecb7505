//! From a raw call to a typed one, and what a tool adds to it.

use std::collections::BTreeMap;

use super::conform::{Conform, Needs, spelled, unknown};
use super::malformed::{Malformed, MalformedCode};
use super::reader::{Reader, Seal};
use super::{Call, Measured, RawCall, Resource};
use crate::place::Place;
use crate::{Action, Field, Interface, Kind, Policy, Record, Schemas, Sealing, Seals, Tool, Value};

impl Call {
    /// Types a raw call by the policy's interfaces: everything known, required, of its type, in
    /// range and in its one spelling. Of sealed values, [`Value::Sealed`], nothing is read.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn check(raw: RawCall, policy: &Policy, measured: Measured) -> Result<Self, Malformed> {
        Self::check_sealing(raw, policy, measured, &Seals::NONE, &())
    }

    /// The same, with what `seals` asks of the call's sealed values answered by who knows the policy's
    /// `schemas`.
    ///
    /// # Errors
    ///
    /// As [`Call::check`].
    pub fn check_sealing(
        raw: RawCall,
        policy: &Policy,
        measured: Measured,
        seals: &Seals,
        schemas: &dyn Schemas,
    ) -> Result<Self, Malformed> {
        let RawCall { tool, action, resource, arguments } = raw;
        let (found, of) = action_of(policy, &tool, &action)?;
        let interface = &found.interface;
        let seal = Seal::Read(Sealing { interface, action: of, seals, schemas });
        let reader = Reader { interface, measured, seal };
        let resource = resource.map(|resource| reader.resource(resource, of)).transpose()?;
        let root = Place::Root.member("arguments");
        let arguments = reader.fields(arguments, &of.arguments, None, root)?;
        let call = Self { tool, action, resource, arguments };
        let needs = match measured {
            Measured::Refuse => Needs::Stated,
            Measured::Accept => Needs::Everything,
        };
        call.conform_to(found, of, needs)?;
        Ok(call)
    }

    /// Whether the call is complete and typed by the policy's interfaces, measured arguments
    /// included: only such a call may be decided.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn conform(&self, policy: &Policy) -> Result<(), Malformed> {
        let (tool, action) = action_of(policy, &self.tool, &self.action)?;
        self.conform_to(tool, action, Needs::Everything)
    }

    /// Whether [`Call::conform`] finds nothing wrong.
    #[must_use]
    pub fn is_complete(&self, policy: &Policy) -> bool {
        self.conform(policy).is_ok()
    }

    fn conform_to(&self, tool: &Tool, action: &Action, needs: Needs) -> Result<(), Malformed> {
        check_resource(&tool.interface, action, self.resource.as_ref())?;
        let at = Place::Root.member("arguments");
        Conform { interface: &tool.interface, needs }.fields(&action.arguments, &self.arguments, at, 0)
    }

    /// Adds a measured argument, which the tool computed from what it is about to do.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the action has no such measured argument, it is there already, or the value
    /// is not of its type.
    pub fn measure(&mut self, policy: &Policy, name: &str, value: Value) -> Result<(), Malformed> {
        let (tool, action) = action_of(policy, &self.tool, &self.action)?;
        let root = Place::Root.member("arguments");
        add(tool, &action.arguments, &mut self.arguments, (name, value), root)
    }

    /// Adds a measured field of one element, from 0, of the call's batch.
    ///
    /// # Errors
    ///
    /// As [`Call::measure`]; also if the action has no batch or the batch no such element.
    pub fn measure_element(
        &mut self,
        policy: &Policy,
        index: usize,
        name: &str,
        value: Value,
    ) -> Result<(), Malformed> {
        let (tool, action) = action_of(policy, &self.tool, &self.action)?;
        let root = Place::Root.member("arguments");
        let none =
            || Malformed::new(MalformedCode::NotMeasured, root, format!("has no batch element {index}"));
        let (batch, record) = action.batch().ok_or_else(none)?;
        let Record { fields } = tool.interface.records.get(record).ok_or_else(none)?;
        let Some(Value::List(elements)) = self.arguments.get_mut(batch) else { return Err(none()) };
        let Some(Value::Map(values)) = elements.get_mut(index) else { return Err(none()) };
        add(tool, fields, values, (name, value), root.member(batch).item(index))
    }
}

fn add(
    tool: &Tool,
    fields: &BTreeMap<String, Field>,
    values: &mut BTreeMap<String, Value>,
    (name, value): (&str, Value),
    parent: Place<'_>,
) -> Result<(), Malformed> {
    let at = parent.member(name);
    let field = fields.get(name).ok_or_else(|| unknown(at, fields))?;
    if !field.measured {
        return Err(Malformed::new(MalformedCode::NotMeasured, at, "is stated by the caller, not measured"));
    }
    if values.contains_key(name) {
        return Err(Malformed::new(MalformedCode::NotMeasured, at, "is there already"));
    }
    let one = BTreeMap::from([(name.to_owned(), field.clone())]);
    let value = BTreeMap::from([(name.to_owned(), value)]);
    Conform { interface: &tool.interface, needs: Needs::Everything }.fields(&one, &value, parent, 0)?;
    values.extend(value);
    Ok(())
}

pub(super) fn action_of<'p>(
    policy: &'p Policy,
    tool: &str,
    action: &str,
) -> Result<(&'p Tool, &'p Action), Malformed> {
    let found = policy.tools.get(tool).ok_or_else(|| {
        let at = Place::Root.member("tool");
        Malformed::about(MalformedCode::UnknownTool, at, tool, "is no tool of this policy")
    })?;
    let of = found.interface.actions.get(action).ok_or_else(|| {
        let at = Place::Root.member("action");
        Malformed::about(MalformedCode::UnknownAction, at, action, "is no action that this policy speaks of")
    })?;
    Ok((found, of))
}

pub(super) fn check_resource(
    interface: &Interface,
    action: &Action,
    resource: Option<&Resource>,
) -> Result<(), Malformed> {
    let at = Place::Root.member("resource");
    let wrong = |message: &str| Err(Malformed::new(MalformedCode::WrongResource, at, message));
    let Some(resource) = resource else {
        return if action.kinds.is_empty() { Ok(()) } else { wrong("is missing") };
    };
    if action.kinds.is_empty() {
        return wrong("is not expected: the action takes none");
    }
    let kind = kind_of(interface, action, &resource.kind)?;
    let parameters = &kind.template.parameters;
    if parameters.len() != resource.names.len() {
        return wrong("has another number of names than its kind");
    }
    parameters
        .iter()
        .zip(&resource.names)
        .try_for_each(|((name, ty), text)| spelled(ty, text, at.member(name)))
}

/// The kind of this name, if the action takes it.
pub(super) fn kind_of<'i>(
    interface: &'i Interface,
    action: &Action,
    kind: &str,
) -> Result<&'i Kind, Malformed> {
    let at = Place::Root.member("resource");
    let found = interface.kinds.get(kind).filter(|_| action.kinds.iter().any(|one| one == kind));
    found.ok_or_else(|| {
        let kinds: Vec<_> = action.kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let wrong = format!("is not a kind that the action takes; expected {}", kinds.join(", "));
        Malformed::about(MalformedCode::UnknownKind, at.member("kind"), kind, wrong)
    })
}
