//! The engine on a database of its own, without the catalog: runs are written down and the workers take them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    catalog::SourceKind,
    identity::{Caller, Subject, Tenant},
    runs::{RepositoryName, RunStatus, StepStatus},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::*;
use crate::{
    Services,
    catalog::ports::{OpenSource, ReadProblem, SourceReader},
    queue, testing,
};

/// An outside that does not answer: these runs neither read nor publish.
struct Nowhere;

#[async_trait]
impl SourceReader for Nowhere {
    async fn open(&self, _: SourceKind, target: &str) -> std::result::Result<Arc<dyn OpenSource>, ReadProblem> {
        Err(ReadProblem::Unreachable(format!("`{target}` does not answer")))
    }
}

#[async_trait]
impl Repositories for Nowhere {
    async fn create_or_get(&self, _: &RepositoryName, _: &FirstCommit) -> Result<Published> {
        Err(Error::Unavailable { system: "Git hosting".into(), why: "is not there".into() })
    }
}

struct Bench {
    services: Services,
    caller: Caller,
    _data: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let services = testing::services(data.path(), Arc::new(Nowhere), Arc::new(Nowhere)).await;
        let caller = Caller::new(Tenant::default(), Subject::Guest);
        Self { services, caller, _data: data }
    }

    /// The same installation as another process would see it.
    fn beside(&self) -> Services {
        Services { queue: queue::Queue::default(), ..self.services.clone() }
    }

    async fn start(&self, steps: Value) -> Uuid {
        let document = json!({ "metadata": { "title": "Bench" }, "spec": { "steps": steps, "output": {
            "text": [{ "title": "Said", "content": "${{ steps.first.output | dump }}" }],
        } } });
        start::insert_for_test(&self.services, &self.caller, document, json!({ "name": "quay-signs" })).await.unwrap()
    }

    async fn until(&self, run: Uuid, what: impl Fn(&Run) -> bool) -> Run {
        let look = async {
            loop {
                let found = super::run(&self.services, &self.caller, RunName::Id(run)).await.unwrap();
                if what(&found) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let Ok(found) = tokio::time::timeout(Duration::from_secs(20), look).await else {
            panic!("{:#?}", super::run(&self.services, &self.caller, RunName::Id(run)).await)
        };
        found
    }

    async fn over(&self, run: Uuid) -> Run {
        self.until(run, |run| run.summary.status.is_over()).await
    }

    async fn log(&self, run: Uuid) -> Vec<String> {
        let lines = super::log(&self.services, &self.caller, RunName::Id(run), 0, 1000).await.unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }
}

/// Workers that stop with the test.
struct Workers(CancellationToken, Vec<tokio::task::JoinHandle<Result<()>>>);

impl Workers {
    fn on(services: impl IntoIterator<Item = Services>) -> Self {
        let stop = CancellationToken::new();
        let tasks = services.into_iter().map(|services| tokio::spawn(queue::work(services, stop.clone()))).collect();
        Self(stop, tasks)
    }

    async fn stop(self) {
        self.0.cancel();
        for task in self.1 {
            tokio::time::timeout(Duration::from_secs(10), task).await.expect("workers stop in time").unwrap().unwrap();
        }
    }
}

fn say(id: &str, message: &str) -> Value {
    json!({ "id": id, "action": "debug:log", "input": { "message": message } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_takes_its_steps_in_order_and_ends() {
    let bench = Bench::new().await;
    let workers = Workers::on([bench.services.clone()]);
    let run = bench
        .start(json!([
            say("first", "making ${{ parameters.name }}"),
            { "id": "left-out", "action": "debug:log", "if": "${{ parameters.missing }}", "input": { "message": "never" } },
            { "id": "many", "action": "debug:log", "each": ["a", "b"], "input": { "message": "item ${{ each.value }}" } },
        ]))
        .await;
    let done = bench.over(run).await;
    assert_eq!(done.summary.status, RunStatus::Completed);
    assert_eq!(done.steps[1].status, StepStatus::Skipped);
    assert!(done.steps.iter().all(|step| step.attempt == 1));
    assert_eq!(done.output.text[0].content, "{}");
    insta::assert_snapshot!(bench.log(run).await.join("\n"), @r"
    guest started run #1 of Bench
    Beginning step first
    making quay-signs
    Finished step first
    Beginning step left-out
    Skipped step left-out: its `if` does not hold
    Beginning step many
    item a
    item b
    Finished step many
    Run completed
    ");
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_delivered_often_does_its_work_once() {
    let bench = Bench::new().await;
    let runs = [
        bench.start(json!([say("first", "one"), say("second", "two")])).await,
        bench.start(json!([say("first", "one"), say("second", "two")])).await,
    ];
    for _ in 0..5 {
        for run in runs {
            let mut tx = bench.services.begin(&bench.caller).await.unwrap();
            tx.enqueue(queue::Job::AdvanceRun { run });
            tx.commit().await.unwrap();
        }
    }
    let workers = Workers::on([bench.services.clone(), bench.beside()]);
    for run in runs {
        let done = bench.over(run).await;
        assert_eq!(done.summary.status, RunStatus::Completed);
        assert!(done.steps.iter().all(|step| step.attempt == 1), "{done:#?}");
        let log = bench.log(run).await;
        assert_eq!(log.iter().filter(|line| *line == "one").count(), 1);
        assert_eq!(log.iter().filter(|line| *line == "Run completed").count(), 1);
    }
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_workers_that_take_a_step_at_once_one_has_it() {
    let bench = Bench::new().await;
    let run = bench.start(json!([{ "id": "first", "action": "debug:wait", "input": { "milliseconds": 1 } }])).await;
    let caller = Caller::system(Tenant::default(), "worker");
    let others: Vec<Services> = (0..4).map(|_| bench.beside()).collect();
    let deliveries = others.iter().map(|services| advance(services, &caller, run));
    for delivered in futures::future::join_all(deliveries).await {
        delivered.unwrap();
    }
    let taken = bench.log(run).await.iter().filter(|line| line.starts_with("Beginning step")).count();
    assert_eq!(taken, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_outlasts_the_workers_and_a_cancel_ends_it() {
    let bench = Bench::new().await;
    let wait = |seconds: f64| json!([{ "id": "first", "action": "debug:wait", "input": { "seconds": seconds } }]);
    let (short, long) = (bench.start(wait(1.0)).await, bench.start(wait(300.0)).await);
    let workers = Workers::on([bench.services.clone()]);
    for run in [short, long] {
        bench.until(run, |run| run.steps[0].status == StepStatus::Waiting).await;
    }
    workers.stop().await;
    let workers = Workers::on([bench.beside()]);
    let done = bench.over(short).await;
    assert_eq!(done.summary.status, RunStatus::Completed);
    assert!(done.steps[0].duration(chrono::Utc::now()).unwrap().num_milliseconds() >= 1000);
    assert_eq!(done.steps[0].attempt, 1, "going on after a wait is not another attempt");
    cancel(&bench.services, &bench.caller, RunName::Id(long)).await.unwrap();
    let cancelled = bench.over(long).await;
    assert_eq!(cancelled.summary.status, RunStatus::Cancelled);
    let refusal = cancel(&bench.services, &bench.caller, RunName::Id(long)).await.unwrap_err();
    insta::assert_snapshot!(refusal, @"run #2 is over: it is cancelled; there is nothing to cancel");
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_says_why_and_goes_on_from_the_step_that_failed() {
    let bench = Bench::new().await;
    let workers = Workers::on([bench.services.clone()]);
    let run = bench
        .start(json!([
            say("first", "one"),
            { "id": "write", "action": "catalog:write", "input": {
                "entity": { "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": { "name": "quay-signs" } } } },
            { "id": "second", "action": "fs:rename", "input": { "files": [{ "from": "missing", "to": "x" }] } },
        ]))
        .await;
    let failed = bench.over(run).await;
    assert_eq!(failed.summary.status, RunStatus::Failed);
    insta::assert_snapshot!(failed.summary.problem.unwrap(), @"`fs:rename` finds no `missing` in the workspace");
    retry(&bench.services, &bench.caller, RunName::Id(run)).await.unwrap();
    let again = bench.until(run, |run| run.steps[2].attempt == 2 && run.summary.status.is_over()).await;
    assert_eq!(again.summary.status, RunStatus::Failed);
    assert_eq!(again.steps[0].attempt, 1);
    assert!(bench.log(run).await.iter().any(|line| line == "making the files of earlier steps again"));
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_answer_is_tried_again_and_then_given_up() {
    let bench = Bench::new().await;
    let workers = Workers::on([bench.services.clone()]);
    let run = bench
        .start(json!([
            { "id": "write", "action": "catalog:write", "input": {
                "entity": { "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": { "name": "quay-signs" } } } },
            { "id": "publish", "action": "publish:git", "input": { "repoUrl": "causeway?owner=harbour&repo=quay-signs" } },
        ]))
        .await;
    let failed = bench.over(run).await;
    assert_eq!(failed.steps[1].attempt, 3);
    insta::assert_snapshot!(failed.summary.problem.unwrap(), @"Git hosting: is not there");
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_worker_died_is_taken_up_at_the_next_start() {
    let bench = Bench::new().await;
    let run = bench.start(json!([say("first", "one")])).await;
    let row = store::find(&bench.services.db, &bench.caller.tenant, run).await.unwrap().unwrap();
    let steps = store::steps(&bench.services.db, &row).await.unwrap();
    // A worker of this directory took the step for an hour and died.
    let name = {
        let identity = queue::WorkerIdentity::claim(&bench.services.settings.data);
        format!("{}/{}", identity.name, Uuid::nil())
    };
    let to = store::step::ActiveModel {
        status: sea_orm::ActiveValue::Set("processing".into()),
        attempt: sea_orm::ActiveValue::Set(1),
        leased_by: sea_orm::ActiveValue::Set(Some(name)),
        leased_until: sea_orm::ActiveValue::Set(Some(chrono::Utc::now() + chrono::TimeDelta::hours(1))),
        ..Default::default()
    };
    assert!(store::move_step(&bench.services.db, &steps[0], to).await.unwrap());
    let workers = Workers::on([bench.services.clone()]);
    let done = bench.over(run).await;
    assert_eq!((done.summary.status, done.steps[0].attempt), (RunStatus::Completed, 2));
    workers.stop().await;
}
