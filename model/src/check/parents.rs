//! What a policy extends: few, in order, and of one mind about what the tools take.

use super::{Invalid, MAX_PARENT_DEPTH, MAX_PARENTS};
use crate::place::{Place, Quoted};
use crate::{Hash, Policy};

/// Bounds all that is above `policy`, before anything else looks at it.
pub(super) fn few(policy: &Policy, at: Place<'_>) -> Result<(), Invalid> {
    let most = || {
        let message = format!("has more than {MAX_PARENTS} policies, or more than {MAX_PARENT_DEPTH} deep");
        Invalid::new(at.member("extends"), message)
    };
    let (mut found, mut next) = (0_usize, vec![(policy, 0_usize)]);
    while let Some((one, depth)) = next.pop() {
        let depth = depth.saturating_add(1);
        found = found.saturating_add(one.parents.len());
        if found > MAX_PARENTS || (depth > MAX_PARENT_DEPTH && !one.parents.is_empty()) {
            return Err(most());
        }
        next.extend(one.parents.iter().map(|parent| (parent, depth)));
    }
    Ok(())
}

pub(super) fn check(policy: &Policy, at: Place<'_>) -> Result<(), Invalid> {
    for (index, parent) in policy.parents.iter().enumerate() {
        parent.check_at(at.item(index))?;
    }
    let hashes: Vec<Hash> = policy.parents.iter().map(Policy::hash).collect();
    super::sorted(&hashes, at)?;
    match policy.clash() {
        None => Ok(()),
        Some(clash) => {
            let message =
                format!("of {}: tool {}: {}", Quoted(&clash.parent.name), Quoted(clash.tool), clash.found);
            Err(Invalid::new(at, message))
        }
    }
}
