//! Who the client is.

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::time::{Duration as Span, OffsetDateTime};
use tokio::time::{Duration, timeout};
use wpc_model::Credential as Demanded;
use zeroize::Zeroizing;

use crate::dialect::address::{AddressError, Entity, Node};
use crate::dialect::sas;
use crate::dialect::token::{SCOPE, TokenKind};
use crate::{BusError, error::outside};

/// How long a signature of ours is good for.
const SIGNATURE_LIVES: Span = Span::minutes(20);

/// Who the client is. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// Nobody: for the local endpoint, which asks no one.
    Anonymous,
    /// Somebody whom Microsoft Entra knows.
    Entra(Arc<dyn TokenCredential>),
    /// Whoever has the key.
    Sas(SasKey),
}

/// A shared access key. Only a policy that says `credential { sas entity }` or `credential { sas namespace }`
/// lets a client use one: whoever has it needs no gate.
#[derive(Clone)]
pub struct SasKey {
    /// The entity that it is for; the whole namespace without one.
    entity: Option<Entity>,
    name: String,
    key: Arc<Zeroizing<String>>,
}

impl SasKey {
    /// The key of one queue's authorization rule.
    ///
    /// # Errors
    ///
    /// [`AddressError`] only if Service Bus could not have a queue of this name.
    pub fn of_queue(queue: &str, rule: &str, key: impl Into<String>) -> Result<Self, AddressError> {
        Ok(Self::new(Some(Entity::of("queue", &[queue])?), rule, key.into()))
    }

    /// The key of one topic's authorization rule.
    ///
    /// # Errors
    ///
    /// [`AddressError`] only if Service Bus could not have a topic of this name.
    pub fn of_topic(topic: &str, rule: &str, key: impl Into<String>) -> Result<Self, AddressError> {
        Ok(Self::new(Some(Entity::of("topic", &[topic])?), rule, key.into()))
    }

    /// The key of a rule of the whole namespace.
    #[must_use]
    pub fn of_namespace(rule: &str, key: impl Into<String>) -> Self {
        Self::new(None, rule, key.into())
    }

    fn new(entity: Option<Entity>, name: &str, key: String) -> Self {
        Self { entity, name: name.to_owned(), key: Arc::new(Zeroizing::new(key)) }
    }

    /// Whether it is for a node.
    fn covers(&self, node: &str) -> bool {
        self.entity.as_ref().is_none_or(|entity| {
            let own = entity.node();
            let rest = node.strip_prefix(own.address());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn sign(&self, audience: &str) -> Option<AccessToken> {
        let expires_on = OffsetDateTime::now_utc().checked_add(SIGNATURE_LIVES)?;
        let token = sas::token(audience, &self.name, &self.key, expires_on.unix_timestamp())?;
        Some(AccessToken::new(token, expires_on))
    }
}

/// The rule's name, and that there is a key.
impl fmt::Debug for SasKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SasKey")
            .field("entity", &self.entity)
            .field("rule", &self.name)
            .finish_non_exhaustive()
    }
}

impl Credential {
    /// Whether there is somebody to be.
    ///
    /// # Errors
    ///
    /// [`BusError::NoToken`] or [`BusError::TimedOut`].
    pub(crate) async fn check(&self, within: Duration) -> Result<(), BusError> {
        match self {
            Self::Anonymous | Self::Sas(_) => Ok(()),
            Self::Entra(credential) => entra(&**credential, within).await.map(drop),
        }
    }

    /// A token for `audience`, which is a node's; `None` for nobody.
    ///
    /// # Errors
    ///
    /// [`BusError::NoToken`] or [`BusError::TimedOut`].
    pub(crate) async fn token(
        &self,
        audience: &str,
        node: &Node,
        within: Duration,
    ) -> Result<Option<(TokenKind, AccessToken)>, BusError> {
        match self {
            Self::Anonymous => Ok(None),
            Self::Entra(credential) => Ok(Some((TokenKind::Entra, entra(&**credential, within).await?))),
            Self::Sas(key) => {
                let token = if key.covers(node.address()) { key.sign(audience) } else { None };
                let token = token.ok_or_else(|| BusError::NoToken {
                    problem: "the shared access key is for another entity".to_owned(),
                })?;
                Ok(Some((TokenKind::Sas, token)))
            }
        }
    }

    /// The value of the administration API's `Authorization` header; `None` for nobody.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub(crate) async fn authorization(
        &self,
        audience: &str,
        node: &Node,
        within: Duration,
    ) -> Result<Option<Zeroizing<String>>, BusError> {
        Ok(self.token(audience, node, within).await?.map(|(kind, token)| {
            Zeroizing::new(match kind {
                TokenKind::Entra => format!("Bearer {}", token.token.secret()),
                TokenKind::Sas => token.token.secret().to_owned(),
            })
        }))
    }

    /// Compares it with what a policy, and those that it extends, demand.
    ///
    /// # Errors
    ///
    /// [`BusError::CredentialNotAllowed`] if one demands another, or none says that a shared access key may be
    /// used. Nobody may call a local endpoint whatever they say.
    pub(crate) fn fits(&self, mut demanded: impl Iterator<Item = Demanded>) -> Result<(), BusError> {
        let own = match self {
            Self::Anonymous => return Ok(()),
            Self::Entra(_) => Demanded::Entra,
            Self::Sas(SasKey { entity: Some(_), .. }) => Demanded::SasEntity,
            Self::Sas(SasKey { entity: None, .. }) => Demanded::SasNamespace,
        };
        let first = demanded.next().unwrap_or(Demanded::Entra);
        if first == own && demanded.all(|other| other == own) {
            Ok(())
        } else {
            Err(BusError::CredentialNotAllowed)
        }
    }
}

async fn entra(credential: &dyn TokenCredential, within: Duration) -> Result<AccessToken, BusError> {
    match timeout(within, credential.get_token(&[SCOPE], None)).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) => Err(BusError::NoToken { problem: outside(&error.to_string()) }),
        Err(_) => Err(BusError::TimedOut { what: "the credential" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_its_entity_and_what_is_under_it() {
        let key = SasKey::of_queue("orders", "send", "k").unwrap();
        for covered in ["orders", "orders/$management", "orders/$deadletterqueue"] {
            assert!(key.covers(covered), "{covered}");
        }
        for other in ["orders-prod", "order", "other/orders"] {
            assert!(!key.covers(other), "{other}");
        }
        assert!(SasKey::of_namespace("root", "k").covers("anything"));
    }

    #[test]
    fn no_debug_shows_a_key() {
        let key = SasKey::of_namespace("root", "very-secret-key");
        assert_eq!(format!("{key:?}"), r#"SasKey { entity: None, rule: "root", .. }"#);
        assert!(!format!("{:?}", Credential::Sas(key)).contains("very-secret"));
    }

    #[test]
    fn a_shared_access_key_is_used_only_where_a_policy_says_so() {
        let entity = Credential::Sas(SasKey::of_queue("orders", "send", "k").unwrap());
        let namespace = Credential::Sas(SasKey::of_namespace("root", "k"));
        use Demanded::{Entra, SasEntity, SasNamespace};
        for (credential, demanded, fits) in [
            (&entity, &[][..], false),
            (&entity, &[SasEntity], true),
            (&entity, &[SasNamespace], false),
            (&entity, &[SasEntity, Entra], false),
            (&namespace, &[SasNamespace], true),
            (&namespace, &[SasEntity], false),
            (&namespace, &[], false),
            (&Credential::Anonymous, &[Entra], true),
        ] {
            let found = credential.fits(demanded.iter().copied());
            assert_eq!(found.is_ok(), fits, "{credential:?} {demanded:?}");
        }
    }
}
