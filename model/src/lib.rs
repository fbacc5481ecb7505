//! What a policy is, what it means, and the bytes we sign.
//!
//! ```text
//! Policy ──encode──▶ bytes ──Hash::of──▶ policy hash              (what is signed)
//!    │                 └──decode──▶ the same Policy, or an error
//!    │
//! JSON ──Call::from_json──▶ Call                                  (typed, complete)
//!    │                       │
//!    └─ rule(tool, call, moment) ─▶ Ruling ─ admit(needs, approvals, history) ─▶ Decision   (what it means)
//! ```
//!
//! ```
//! use std::collections::BTreeMap;
//! use wpc_model::{Action, Call, Effect, Interface, Moment, Rule, Ruling, Target, Tool, rule};
//!
//! let ping = Action { wire: None, preposition: None, kinds: vec![], classes: vec![],
//!     arguments: BTreeMap::new(), results: BTreeMap::new() };
//! let interface = Interface {
//!     name: "net".into(),
//!     scope: None,
//!     kinds: BTreeMap::new(),
//!     records: BTreeMap::new(),
//!     classes: BTreeMap::new(),
//!     actions: BTreeMap::from([("ping".into(), ping)]),
//!     constraints: BTreeMap::new(),
//! };
//! let allow = vec![Rule::new("net", Effect::Allow, Some("ping".into()), Target::Any, [])];
//! let tool = Tool { interface, scope: vec![], allow, deny: vec![], limits: vec![] };
//!
//! let call = |action: &str| Call { tool: "net".into(), action: action.into(), resource: None, arguments: BTreeMap::new() };
//! assert_eq!(rule(&tool, &call("ping"), Moment::at(0)), Ruling::Allow { rule: 0 });
//! assert_eq!(rule(&tool, &call("flood"), Moment::at(0)), Ruling::DefaultDeny { near: None });
//! ```
//!
//! **Invariants.**
//!
//! - Pure: no text, no spans, no files, no clock but the [`Moment`] it is given, no randomness, no floats, no hash-map order, no
//!   signatures. The same policy and call give the same bytes and the same decision on every
//!   machine, which is what lets an auditor replay a run years later.
//! - One policy in normal form, one spelling: what [`encode`] writes is the only text that `decode`
//!   (feature `serde`) reads, and `decode(encode(p)) == p`.
//! - Unknown is never yes: [`Truth`] has no conversion to `bool`.
//! - Nothing here panics on any input, and no arithmetic wraps silently: what overflows is
//!   [`Undecided`], which is a denial.
//! - Whoever decides holds a complete call ([`Call::conform`]) of a checked policy
//!   ([`Policy::check`]); what the interpreter answers on anything else means nothing.
//!
//! Features: `serde` reads artifacts and calls; `arbitrary` draws policies and calls for property
//! tests.

#![deny(clippy::arithmetic_side_effects)]

mod address;
#[cfg(feature = "arbitrary")]
pub mod arbitrary;
mod artifact;
mod base64url;
mod call;
pub mod canon;
mod check;
mod cidr;
mod clock;
mod condition;
mod decide;
mod decimal;
mod glob;
mod hash;
mod holds;
mod instant;
mod interface;
mod json_path;
mod layers;
mod legal;
mod model_names;
mod names;
mod part;
mod place;
mod policy;
mod reads;
mod regex;
mod schema;
mod sealed;
mod settings;
mod situation;
mod source;
mod spelling;
mod truth;
mod ty;
mod under;
mod value;

pub use address::{check_did, check_email, check_ip, check_path, check_url, fold_url};
#[cfg(feature = "serde")]
pub use artifact::{DecodeCode, DecodeError, MAX_ARTIFACT_BYTES, decode};
pub use artifact::{Terms, WPC_VERSION, encode, entity};
pub use call::{
    Call, Given, MAX_BATCH, MAX_CALL_BYTES, MAX_CALL_DEPTH, MAX_TEXT_BYTES, Malformed, MalformedCode,
    Measured, RawCall, RawResource, Resource,
};
pub use check::{
    Invalid, MAX_CONDITIONS, MAX_CONSTANTS, MAX_NOTE_BYTES, MAX_PARENT_DEPTH, MAX_PARENTS, MAX_PARTS,
    MAX_RULES, MAX_STATEMENTS, MAX_TOOLS, MAX_TYPE_DEPTH, check_note, check_principal_name,
};
pub use cidr::{Cidr, check_cidr, meant_cidr};
pub use clock::{Moment, parse_time_of_day, time_of_day_text};
pub use condition::{Comparison, Condition, Quantifier, Step, Subject, Test};
pub use decide::{
    Admission, Approvals, Approved, Approving, Attestation, Attested, Bound, Charge, Charging, Conforming,
    Counter, Decision, Demand, Ending, Failing, History, MAX_APPROVAL_AHEAD_MS, ModelBudget, ModelRefusal,
    ModelUse, Near, Needs, Ordered, Owner, Past, PastAt, Provenance, Reason, Refusal, Ruling, Rulings,
    TooManyLabels, Undecided, Used, Who, admit, approvals, approving, conditions_hold, decisive, demands,
    failing, in_force, rule, rulings, settle, used,
};
pub use decimal::{decimal_text, minor_digits, parse_decimal};
pub use glob::{glob, glob_ignoring_case};
pub use hash::{Hash, RuleId, RuleIdText};
pub use holds::Prepared;
pub use instant::{instant_text, parse_instant};
pub use interface::{
    Action, Class, Constraint, Field, Interface, Kind, Piece, Preposition, Record, Returned, Scope, Template,
};
pub use json_path::{JsonPath, JsonStep, MAX_PATH_STEPS};
pub use layers::{Clash, Clashing};
pub use legal::SubjectType;
pub use model_names::{check_model, check_provider};
pub use names::{MAX_NAME_BYTES, NameError, check_entity_name, check_host, check_name};
pub use part::{Part, part};
pub use policy::{
    Approval, Approver, Auth, Before, Bind, Effect, Evidence, Limit, Measure, Order, Origin, Per, Policy,
    Rule, Same, Sequence, Slot, Target, Tool, ToolAction, ToolActions, Uses, Window,
};
pub use reads::reads;
pub use regex::{MAX_REGEX_BYTES, Regex, RegexError, check_regex};
pub use schema::{
    Conformance, MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, MAX_SCHEMA_PARTS, MAX_SCHEMAS, SchemaError, SchemaStep,
    Schemas, check_schema,
};
pub use sealed::{Content, Question, Sealed, SealedAt, Sealing, Seals};
pub use settings::{
    Cost, Credential, Filesystem, Meta, Model, Models, Network, OnChange, Principal, Redact, Redaction,
    Sandbox, Settings, Validity,
};
pub use situation::Situation;
pub use source::{MAX_LABELS_PER_JOB, Source, Sources};
pub use spelling::Spelling;
pub use truth::Truth;
pub use ty::Type;
pub use under::{is_under_domain, is_under_path};
pub use value::{MAX_INTEGER, Value};
