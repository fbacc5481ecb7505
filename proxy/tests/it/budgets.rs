//! Budgets: nothing is forwarded on what others may use, or on what is spent.

use std::time::Duration;

use crate::rig::{ALLOW, World, completion};
use crate::upstream::{Step, response};

fn slow(input: u64, output: u64) -> Vec<Step> {
    let body = completion("gpt-5", input, output).to_string();
    vec![
        Step::Wait(Duration::from_millis(100)),
        Step::Write(response(200, "application/json", body.as_bytes())),
    ]
}

/// The statuses and codes of so many calls at once, sorted.
async fn at_once(world: &World, calls: usize, more: &'static str) -> Vec<String> {
    let client = world.client("j");
    // The job is open before they race.
    let asked: Vec<_> = (0..calls)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.chat(more).await })
        })
        .collect();
    let mut said = Vec::new();
    for one in asked {
        let answer = one.await.unwrap();
        said.push(if answer.status == 200 { "done".to_owned() } else { answer.code().to_owned() });
    }
    said.sort();
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_do_not_pass_on_the_same_remainder() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens")).await;
    world.provider.does(slow(20, 300));
    let said = at_once(&world, 8, r#","max_tokens":400"#).await;
    assert_eq!(said.iter().filter(|one| *one == "done").count(), 2, "{said:?}");
    assert!(said.iter().all(|one| one == "done" || one == "model_budget_reserved"), "{said:?}");
    assert_eq!(world.provider.sent().len(), 2);
    // 640 are used: what is left holds no 400.
    let next = world.client("j").chat(r#","max_tokens":400"#).await;
    assert_eq!((next.status, next.code()), (429, "model_budget_spent"));
    assert!(next.text().contains("360 left"), "{}", next.text());
    assert_eq!(next.header("x-should-retry"), "false");
    assert_eq!(world.client("j").chat(r#","max_tokens":250"#).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_states_no_most_reserves_all_that_is_left_and_answers_count_each() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens")).await;
    world.provider.does(slow(10, 10));
    let said = at_once(&world, 3, "").await;
    assert_eq!(said, ["done", "model_budget_reserved", "model_budget_reserved"]);
    let three = world.client("j").chat(r#","max_tokens":400,"n":3"#).await;
    assert_eq!(three.code(), "model_budget_spent");
    // A provider that used more than it was let is charged, and then nothing is left.
    world.provider.answers(&completion("gpt-5", 10, 5_000));
    assert_eq!(world.client("j").chat(r#","max_tokens":100"#).await.status, 200);
    assert_eq!(world.client("j").chat(r#","max_tokens":1"#).await.code(), "model_budget_spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_reserved_and_charged_to_the_unit() {
    let world = World::with(&format!("{ALLOW}; budget 1.00 USD")).await;
    // One cent for each token that is written, a tenth for each that is read.
    world.provider.answers(&completion("gpt-5", 5, 3));
    let client = world.client("j");
    assert_eq!(client.chat(r#","max_tokens":200"#).await.code(), "model_budget_spent");
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 200);
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 200);
    // 3.5 cents each: 4, then 3.
    let costs: Vec<_> =
        world.receipts("j").iter().map(|one| one.said().cost.clone().unwrap().minor_units).collect();
    assert_eq!(costs, [4, 3]);
    let unpriced = client.post("/v1/messages", r#"{"model":"claude-sonnet-4-5","max_tokens":1}"#).await;
    assert_eq!((unpriced.status, unpriced.code()), (403, "model_price_unknown"));
    assert_eq!(
        world.log("j"),
        ["refused model_budget_spent", "model_call 1 4", "model_call 1 3", "refused model_price_unknown"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_has_so_many_calls_at_a_time() {
    let limits = wpc_proxy::Limits { calls_at_a_time: 2, ..crate::rig::quick() };
    let world = World::of(&crate::rig::policy(ALLOW), limits).await;
    world.provider.does(slow(1, 1));
    let said = at_once(&world, 4, "").await;
    assert_eq!(said, ["done", "done", "model_calls_at_a_time", "model_calls_at_a_time"]);
}
