//! What locks a message.

use std::fmt;

use fe2o3_amqp::types::primitives::Uuid;

/// The token of one lock: the delivery's tag, 16 bytes. Whoever has it may settle the message, so it is never
/// shown and never leaves the process but to the broker.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct LockToken([u8; 16]);

impl LockToken {
    /// The token in a delivery's tag: a GUID as .NET writes it.
    pub(crate) fn of_tag(tag: &[u8]) -> Option<Self> {
        tag.try_into().ok().map(Self)
    }

    /// The token in a reply.
    pub(crate) fn of_uuid(uuid: &Uuid) -> Self {
        Self(swapped(uuid.clone().into_inner()))
    }

    /// The token as requests have it.
    pub(crate) fn to_uuid(self) -> Uuid {
        Uuid::from(swapped(self.0))
    }
}

/// .NET writes the first three groups of a GUID with their least byte first.
fn swapped([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]: [u8; 16]) -> [u8; 16] {
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

impl fmt::Debug for LockToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_guid_with_its_first_groups_turned_round() {
        let tag = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let token = LockToken::of_tag(&tag).unwrap();
        let uuid = token.to_uuid();
        assert_eq!(uuid.clone().into_inner(), [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(LockToken::of_uuid(&uuid), token);
        assert_eq!(LockToken::of_tag(&tag[..4]), None);
        assert_eq!(format!("{token:?}"), "LockToken");
    }
}
