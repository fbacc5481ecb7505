//! What a server behind the gate may tell, and what becomes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ErrorCode, Implementation,
    ProgressNotificationParam, ProgressToken,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, ErrorData, RoleClient};
use tokio::sync::Notify;

use crate::serve::Progress;

/// Where progress of calls under way is told, and that the tools changed.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    calls: Mutex<HashMap<ProgressToken, Progress>>,
    changed: Notify,
}

/// A call's place in [`Routes`], until it is dropped.
pub(crate) struct Route<'r> {
    routes: &'r Routes,
    token: ProgressToken,
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        self.routes.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}

impl Routes {
    pub(crate) fn add(&self, token: ProgressToken, progress: Progress) -> Route<'_> {
        if progress.is_wanted() {
            self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), progress);
        }
        Route { routes: self, token }
    }

    fn find(&self, token: &ProgressToken) -> Option<Progress> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// Ready once the server says that its tools changed.
    pub(crate) fn changed(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let this = Arc::clone(self);
        async move { this.changed.notified().await }
    }
}

/// A client that has nothing to offer to its server.
#[derive(Debug)]
pub(crate) struct Behind {
    routes: Arc<Routes>,
}

impl Behind {
    pub(crate) fn new(routes: Arc<Routes>) -> Self {
        Self { routes }
    }
}

fn refused(method: &'static str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None)
}

// Sampling is refused by its default.
#[expect(deprecated, reason = "servers still ask for roots, and are refused")]
impl ClientHandler for Behind {
    fn get_info(&self) -> ClientConfig {
        let identity = Implementation::new("wpc-mcp", env!("CARGO_PKG_VERSION"));
        let mut config = ClientConfig::new(ClientCapabilities::default(), identity);
        config.protocol_version = rmcp::model::ProtocolVersion::LATEST_WITH_INITIALIZE;
        config
    }

    async fn list_roots(
        &self,
        _: RequestContext<RoleClient>,
    ) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        Err(refused("roots/list"))
    }

    async fn create_elicitation(
        &self,
        _: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Err(refused("elicitation/create"))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        if let Some(progress) = self.routes.find(&params.progress_token) {
            progress.tell(params.progress, params.total, params.message).await;
        }
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.routes.changed.notify_one();
    }
}
