//! Who the client is.

use std::sync::Arc;

use azure_core::credentials::{AccessToken, TokenCredential};
use tokio::time::{Duration, timeout};

use crate::dialect::token::SCOPE;
use crate::{BusError, error::outside};

/// Who the client is. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// Nobody: for the local endpoint, which asks no one.
    Anonymous,
    /// Somebody whom Microsoft Entra knows.
    Entra(Arc<dyn TokenCredential>),
}

impl Credential {
    /// A token for Service Bus; `None` for nobody.
    ///
    /// # Errors
    ///
    /// [`BusError::NoToken`] or [`BusError::TimedOut`].
    pub(crate) async fn token(&self, within: Duration) -> Result<Option<AccessToken>, BusError> {
        let Self::Entra(credential) = self else { return Ok(None) };
        match timeout(within, credential.get_token(&[SCOPE], None)).await {
            Ok(Ok(token)) => Ok(Some(token)),
            Ok(Err(error)) => Err(BusError::NoToken { problem: outside(&error.to_string()) }),
            Err(_) => Err(BusError::TimedOut { what: "the credential" }),
        }
    }
}
