//! A gate in front of a server that misbehaves (`examples/odd_server.rs`).

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ClientConfig, ClientRequest};
use rmcp::{ClientHandler, RoleClient, ServiceExt as _};
use serde_json::{Value as Json, json};
use wpc_mcp::{Caller, Catalogue, Choices, Identity, Launch, Server, Upstream, import, tools_of};

use crate::rig::{World, call, text};
use crate::session::until;

fn launch() -> Launch {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().parent().unwrap();
    Launch::command(folder.join("examples").join("odd_server"), [])
}

const POLICY: &str = "
policy odd {
    tool odd {
        allow batch, change, die, fail, garbage, hang, huge, sample, steps, twice, wrong
        allow say when { text != \"forbidden\" }
        allow search
        allow mail when { to from [odd.search.emails] }
    }
    token { pin policy; bind job }
}
";

struct Behind {
    world: World,
    client: rmcp::service::RunningService<RoleClient, Told>,
    server: Arc<Server<Upstream>>,
}

/// A client that counts what it is told.
#[derive(Clone, Default)]
struct Told {
    lists: Arc<std::sync::atomic::AtomicUsize>,
    steps: Arc<std::sync::Mutex<Vec<f64>>>,
}

impl ClientHandler for Told {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::default()
    }

    async fn on_tool_list_changed(&self, _: rmcp::service::NotificationContext<RoleClient>) {
        self.lists.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }

    async fn on_progress(
        &self,
        params: rmcp::model::ProgressNotificationParam,
        _: rmcp::service::NotificationContext<RoleClient>,
    ) {
        self.steps.lock().unwrap().push(params.progress);
    }
}

async fn behind(within: Duration) -> Behind {
    let served = tools_of(&launch()).await.unwrap();
    assert_eq!(served.name.as_deref(), Some("odd server"));
    let choices = Choices {
        types: [("say.amount".to_owned(), "decimal<2>".to_owned())].into(),
        trusted: ["search.emails".to_owned()].into(),
    };
    let imported = import("odd", served.tools, &choices).unwrap();
    let world = World::of(&format!("{}{POLICY}", imported.text));
    let upstream = Upstream::connect(launch(), imported.lock, within).await.unwrap();
    let changes = upstream.changes();
    let server = Arc::new(Server::new(Identity::new("gate", "1"), Catalogue::of_tool(&world.policy, "odd"), upstream));
    server.follow(changes);
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let (serving, gate) = (Arc::clone(&server), world.gate("job-1", b"{}"));
    tokio::spawn(async move { serving.lines(Caller::new(gate), read, write).await });
    let client = Told::default().serve(tokio::io::split(theirs)).await.unwrap();
    Behind { world, client, server }
}

impl Behind {
    async fn text(&self, name: &'static str) -> String {
        text(&self.client.call_tool(call(name, json!({}))).await.unwrap())
    }

    fn log(&self) -> Vec<String> {
        self.world.log("job-1")
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_on_is_what_was_decided_and_nothing_else() {
    let behind = behind(LONG).await;
    let mut asked = call("say", json!({ "text": "a", "amount": "2.50", "day_": 3 }));
    let mut meta = rmcp::model::RequestMetaObject::new();
    meta.insert("secret".to_owned(), json!("of the client"));
    asked.meta = Some(meta);
    let answer: Json = serde_json::from_str(&text(&behind.client.call_tool(asked).await.unwrap())).unwrap();
    assert_eq!(answer["params"]["arguments"], json!({ "text": "a", "amount": 2.5, "day": 3, "maybe": null }));
    assert_eq!(answer["params"]["_meta"].as_object().unwrap().keys().collect::<Vec<_>>(), ["progressToken"]);
    let refused = behind.client.call_tool(call("say", json!({ "text": "forbidden", "maybe": null }))).await.unwrap();
    assert!(text(&refused).contains("default_deny"));
    assert_eq!(behind.log(), ["allow say", "done", "deny say"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_talks_nonsense_is_understood_or_ignored() {
    let behind = behind(LONG).await;
    assert_eq!(behind.text("twice").await, "first");
    assert_eq!(behind.text("garbage").await, "after garbage");
    assert_eq!(behind.text("batch").await, "alone");
    assert_eq!(behind.text("wrong").await, "right");
    assert_eq!(behind.text("fail").await, "it failed");
    let asked: Json = serde_json::from_str(&behind.text("sample").await).unwrap();
    assert_eq!((&asked["id"], &asked["error"]["code"]), (&json!("s"), &json!(-32601)));
    assert_eq!(
        behind.log(),
        [
            "allow twice", "done", "allow garbage", "done", "allow batch", "done", "allow wrong", "done",
            "allow fail", "failed tool_error", "allow sample", "done"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_is_begun_again() {
    let behind = behind(LONG).await;
    assert!(behind.text("die").await.contains("It may have been done"));
    assert_eq!(behind.log(), ["allow die", "unknown upstream_lost"]);
    for _ in 0..200 {
        if behind.text("twice").await == "first" {
            assert_eq!(behind.log().last().unwrap(), "done");
            return;
        }
        let last = behind.log().pop().unwrap();
        assert!(["failed upstream_down", "unknown upstream_lost"].contains(&last.as_str()), "{last}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was never begun again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_given_up() {
    let behind = behind(Duration::from_secs(4)).await;
    assert!(behind.text("hang").await.contains("did not answer in time"));
    // Longer than a message may be, so that it is as good as none.
    assert!(behind.text("huge").await.contains("did not answer in time"));
    assert_eq!(
        behind.log(),
        ["allow hang", "unknown upstream_timeout", "allow huge", "unknown upstream_timeout"]
    );
    let said = behind.client.call_tool(call("say", json!({ "text": "a" }))).await.unwrap();
    assert_eq!(serde_json::from_str::<Json>(&text(&said)).unwrap()["cancelled"], json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_reaches_the_server() {
    let behind = behind(LONG).await;
    let request = ClientRequest::CallToolRequest(rmcp::model::CallToolRequest::new(call("hang", json!({}))));
    let handle = behind.client.send_cancellable_request(request, Default::default()).await.unwrap();
    until(|| behind.log(), "allow hang").await;
    handle.cancel(None).await.unwrap();
    until(|| behind.log(), "abandoned").await;
    let said = behind.client.call_tool(call("say", json!({ "text": "a" }))).await.unwrap();
    assert_eq!(serde_json::from_str::<Json>(&text(&said)).unwrap()["cancelled"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_and_changes_are_passed_on_and_a_changed_tool_is_refused() {
    let behind = behind(LONG).await;
    let told = behind.client.service();
    assert_eq!(behind.text("steps").await, "done");
    for _ in 0..200 {
        if told.steps.lock().unwrap().len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(told.steps.lock().unwrap().len(), 3);
    assert_eq!(behind.text("change").await, "changed");
    for _ in 0..400 {
        if !behind.server.executor().changed().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(behind.server.executor().changed(), ["change"]);
    assert!(behind.text("change").await.contains("tool_changed"));
    assert_eq!(behind.log().last().unwrap(), "refused tool_changed");
    assert!(told.lists.load(std::sync::atomic::Ordering::SeqCst) > 0);
    let names = behind.client.list_all_tools().await.unwrap();
    assert!(names.iter().all(|tool| tool.name != "change") && names.len() == 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_from_structured_results_and_never_from_text() {
    let behind = behind(LONG).await;
    let mail = async |to: &str| {
        let sent = behind.client.call_tool(call("mail", json!({ "to": to }))).await.unwrap();
        sent.is_error != Some(true)
    };
    assert!(!mail("ann@example.com").await);
    behind.text("search").await;
    assert!(mail("ann@example.com").await);
    assert!(!mail("mallory@example.com").await);
}
