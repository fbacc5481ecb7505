//! A gate in front of a server that is reached over HTTP.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{AUTHORIZATION, LOCATION};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientConfig, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::tower::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use wpc_mcp::{Caller, Catalogue, Choices, Identity, Launch, Server, Upstream, import, tools_of};

use crate::rig::{World, call, text};

/// Says what it is told.
#[derive(Clone)]
struct Echo;

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({
            "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"],
        });
        let tool = Tool::new_with_raw("say", None, schema.as_object().unwrap().clone());
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let said = request.arguments.unwrap_or_default();
        let meta: Vec<_> = context.meta.0.keys().cloned().collect();
        Ok(CallToolResult::success(vec![ContentBlock::text(format!("{} {meta:?}", said["text"]))]).into())
    }
}

/// A server at a URL, which wants a credential, and what it was shown.
struct Remote {
    url: String,
    shown: Arc<Mutex<Vec<Option<String>>>>,
    serving: AbortHandle,
}

const CREDENTIAL: &str = "Bearer of-the-operator";

impl Remote {
    /// `/mcp` is the server; `/moved` says that it is elsewhere.
    async fn start(elsewhere: Option<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let service: StreamableHttpService<Echo, LocalSessionManager> =
            StreamableHttpService::new(|| Ok(Echo), Arc::default(), StreamableHttpServerConfig::default());
        let seen = Arc::clone(&shown);
        let serving = tokio::spawn(async move {
            // Connections end with the task that accepts them.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (service, seen, elsewhere) = (service.clone(), Arc::clone(&seen), elsewhere.clone());
                let handler = service_fn(move |request| {
                    let (service, seen, elsewhere) = (service.clone(), Arc::clone(&seen), elsewhere.clone());
                    async move { Ok::<_, Infallible>(answer(request, &service, &seen, elsewhere).await) }
                });
                connections.spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ended = http.serve_connection(TokioIo::new(stream), handler).await;
                });
            }
        });
        Self { url, shown, serving: serving.abort_handle() }
    }

    fn launch(&self, path: &str, authorization: Option<&str>) -> Launch {
        Launch::Http { url: format!("{}{path}", self.url), authorization: authorization.map(str::to_owned) }
    }

    fn shown(&self) -> Vec<Option<String>> {
        self.shown.lock().unwrap().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    service: &StreamableHttpService<Echo, LocalSessionManager>,
    seen: &Mutex<Vec<Option<String>>>,
    elsewhere: Option<String>,
) -> Response<BoxBody<Bytes, Infallible>> {
    let credential = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    seen.lock().unwrap().push(credential.clone());
    let empty = |status: StatusCode| {
        let mut response = Response::new(Empty::new().boxed());
        *response.status_mut() = status;
        response
    };
    if let Some(elsewhere) = elsewhere.filter(|_| request.uri().path() == "/moved") {
        let mut moved = empty(StatusCode::TEMPORARY_REDIRECT);
        moved.headers_mut().insert(LOCATION, elsewhere.parse().unwrap());
        return moved;
    }
    if credential.as_deref() != Some(CREDENTIAL) {
        return empty(StatusCode::UNAUTHORIZED);
    }
    service.handle(request).await
}

const POLICY: &str = "
policy echo {
    tool echo { allow say when { text != \"forbidden\" } }
    token { pin policy; bind job }
}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_at_a_url_sees_its_credential_and_what_was_decided() {
    let remote = Remote::start(None).await;
    let launch = remote.launch("/mcp", Some(CREDENTIAL));
    let imported = import("echo", tools_of(&launch).await.unwrap().tools, &Choices::default()).unwrap();
    let world = World::of(&format!("{}{POLICY}", imported.text));
    let upstream = Upstream::connect(launch, imported.lock, Duration::from_secs(10)).await.unwrap();
    let server = Server::new(Identity::new("gate", "1"), Catalogue::of_tool(&world.policy, "echo"), upstream);
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let gate = world.gate("job-1", b"{}");
    tokio::spawn(async move { server.lines(Caller::new(gate), read, write).await });
    let client = ClientConfig::default().serve(tokio::io::split(theirs)).await.unwrap();

    let mut asked = call("say", json!({ "text": "hello" }));
    let mut meta = rmcp::model::RequestMetaObject::new();
    meta.insert("secret".to_owned(), json!("of the client"));
    asked.meta = Some(meta);
    let said = text(&client.call_tool(asked).await.unwrap());
    assert!(said.starts_with("\"hello\"") && !said.contains("secret"), "{said}");
    let refused = client.call_tool(call("say", json!({ "text": "forbidden" }))).await.unwrap();
    assert!(text(&refused).contains("default_deny"));
    assert!(remote.shown().iter().all(|shown| shown.as_deref() == Some(CREDENTIAL)), "{:?}", remote.shown());

    remote.serving.abort();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let lost = text(&client.call_tool(call("say", json!({ "text": "hello" }))).await.unwrap());
    assert!(lost.contains("It may have been done") || lost.contains("Nothing was done"), "{lost}");
    let log = world.log("job-1");
    assert_eq!(log[..3], ["allow say", "done", "deny say"]);
    assert_eq!(log[3], "allow say");
    assert!(["unknown upstream_lost", "failed upstream_down"].contains(&log[4].as_str()), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_at_a_url_that_refuses_or_moves_is_not_reached() {
    let other = Remote::start(None).await;
    let remote = Remote::start(Some(format!("{}/mcp", other.url))).await;
    for (path, credential) in [("/mcp", None), ("/mcp", Some("Bearer wrong")), ("/moved", Some(CREDENTIAL))] {
        let error = tools_of(&remote.launch(path, credential)).await.unwrap_err();
        assert!(error.code().starts_with("upstream_"), "{path}: {error}");
    }
    // A credential goes where it is for and nowhere else.
    assert!(other.shown().is_empty(), "{:?}", other.shown());
}
