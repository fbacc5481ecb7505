//! What a server behind the gate may tell, and what becomes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ErrorCode, Implementation,
    JsonRpcMessage, ProgressNotificationParam, ProgressToken, ServerNotification,
};
use rmcp::service::{NotificationContext, RequestContext, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::{ClientHandler, ErrorData, RoleClient};
use tokio::sync::{Notify, mpsc};

/// Progress that waits to be told, of one call. What does not fit is not told.
const MAX_WAITING: usize = 256;

/// Where progress of calls under way is told, and that the tools changed.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    calls: Mutex<HashMap<ProgressToken, mpsc::Sender<ProgressNotificationParam>>>,
    changed: Notify,
}

/// A call's place in [`Routes`], until it is dropped.
pub(crate) struct Route<'r> {
    routes: &'r Routes,
    token: ProgressToken,
    told: mpsc::Receiver<ProgressNotificationParam>,
}

impl Route<'_> {
    /// What the server told next.
    pub(crate) async fn next(&mut self) -> Option<ProgressNotificationParam> {
        self.told.recv().await
    }

    /// What it told before it answered.
    pub(crate) fn rest(&mut self) -> Vec<ProgressNotificationParam> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }
}

impl Drop for Route<'_> {
    fn drop(&mut self) {
        self.routes.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}

impl Routes {
    pub(crate) fn add(&self, token: ProgressToken) -> Route<'_> {
        let (tell, told) = mpsc::channel(MAX_WAITING);
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), tell);
        Route { routes: self, token, told }
    }

    fn tell(&self, progress: ProgressNotificationParam) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = calls.get(&progress.progress_token) {
            let _full = call.try_send(progress);
        }
    }

    /// Ready once the server says that its tools changed.
    pub(crate) fn changed(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let this = Arc::clone(self);
        async move { this.changed.notified().await }
    }
}

/// A transport from which progress is taken in the order in which it came: rmcp hands notifications to tasks of
/// their own, which the answer would overtake.
pub(crate) struct Tapped<T> {
    pub(crate) inner: T,
    pub(crate) routes: Arc<Routes>,
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Tapped<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            let message = self.inner.receive().await?;
            let JsonRpcMessage::Notification(told) = &message else { return Some(message) };
            let ServerNotification::ProgressNotification(progress) = &told.notification else {
                return Some(message);
            };
            self.routes.tell(progress.params.clone());
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
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

    /// A transport that tells progress where it belongs.
    pub(crate) fn tap<T>(&self, inner: T) -> Tapped<T> {
        Tapped { inner, routes: Arc::clone(&self.routes) }
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

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.routes.changed.notify_one();
    }
}
