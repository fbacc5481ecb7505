//! `agents` and `requesters`.

use std::collections::BTreeMap;

use wpc_grammar::syntax::{Setting, Settings, Value as Written};
use wpc_model::{Principal, Type, Value, check_principal_name};

use super::Checker;
use crate::value::{Reader, Single};
use crate::{Code, Diagnostic, text};

impl<'a> Checker<'_, 'a, '_> {
    /// The people of a block, `agents { allow did("…"), "mailer" }`.
    pub(super) fn principals(&mut self, block: &'a Settings) -> Vec<Principal> {
        let mut seen: BTreeMap<&str, &Setting> = BTreeMap::new();
        let mut found = Vec::new();
        for setting in &block.settings {
            if !self.is_new(setting, &["allow"], &mut seen) {
                continue;
            }
            for value in
                self.values(setting, "somebody, such as `allow did(\"did:key:…\")` or `allow \"mailer\"`")
            {
                self.principal(value, &mut found);
            }
        }
        found
    }

    fn principal(&mut self, value: &'a Written, found: &mut Vec<Principal>) {
        let ty = if matches!(value, Written::Made(_)) { Type::Did } else { Type::Text };
        let read = Reader::new(self.names, self.problems);
        for (constant, place) in { read }.constants(value, &ty, Single::Accepted).unwrap_or_default() {
            let Value::Text(name) = constant else { continue };
            // An identifier is one however it is written.
            if name.starts_with("did:") {
                match text::checked(&name, &Type::Did) {
                    Ok(did) => found.push(Principal::Did(did)),
                    Err(fault) => self.problems.report(fault.at(place)),
                }
                continue;
            }
            match check_principal_name(&name) {
                Ok(()) => found.push(Principal::Name(name)),
                Err(why) => self.problems.report(
                    Diagnostic::error(
                        Code::InvalidName,
                        place,
                        format!("found {name:?}, which names nobody: it {why}"),
                        "not a valid name",
                    )
                    .help("write a DID, or a name in printable ASCII"),
                ),
            }
        }
    }
}
