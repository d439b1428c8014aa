//! Real repositories on this disk, and servers that misbehave.

use std::{path::Path, process::Command, time::Instant};

use services::catalog::ports::{Begin, OpenSource, ReadProblem};
use tokio::{io::AsyncReadExt, net::TcpListener};

use super::*;

fn repositories(data: &Path, allow: &str) -> Repositories {
    let allow = vec![allow.to_owned()];
    let guard = Guard::new(&allow);
    let outbound =
        Outbound { data: data.to_owned(), base_url: "http://127.0.0.1:3000".into(), allow, clusters: Vec::new() };
    Repositories::new(outbound, guard)
}

impl Repositories {
    async fn open_alone(&self, text: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open(text, &Keys::none()).await
    }
}

fn run(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Ama", "-c", "user.email=ama@saltmarsh.example", "-c", "init.defaultBranch=main"];
    let status = Command::new("git").current_dir(folder).args(identity).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

fn repository(folder: &Path) {
    std::fs::create_dir_all(folder.join("a")).unwrap();
    for (path, text) in [
        ("catalog-info.yaml", "root"),
        ("a/catalog-info.yaml", "in a"),
        ("a/run.sh", "#!/bin/sh\n"),
        ("README.md", "r"),
    ] {
        std::fs::write(folder.join(path), text).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", folder.join("a/link.yaml")).unwrap();
    std::fs::create_dir_all(folder.join("linked")).unwrap();
    std::os::unix::fs::symlink("../catalog-info.yaml", folder.join("linked/catalog-info.yaml")).unwrap();
    run(folder, &["init", "--quiet"]);
    run(folder, &["add", "."]);
    run(folder, &["update-index", "--chmod=+x", "a/run.sh"]);
    run(folder, &["commit", "--quiet", "-m", "first"]);
    run(folder, &["checkout", "--quiet", "-b", "feature/deep"]);
    std::fs::write(folder.join("a/catalog-info.yaml"), "on the branch").unwrap();
    run(folder, &["commit", "--quiet", "-am", "second"]);
    run(folder, &["checkout", "--quiet", "main"]);
}

async fn text_of(source: &dyn OpenSource, path: &str) -> String {
    match source.read(path, 100).await {
        Ok(content) => String::from_utf8_lossy(&content).into_owned(),
        Err(problem) => format!("{problem:?}"),
    }
}

#[tokio::test]
async fn the_embedded_hosting_is_read_where_it_lies() {
    let data = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    repository(work.path());
    let hosted = data.path().join("git/saltmarsh");
    std::fs::create_dir_all(&hosted).unwrap();
    run(&hosted, &["clone", "--quiet", "--bare", &work.path().display().to_string(), "tides.git"]);
    let repositories = repositories(data.path(), "");
    let base = "http://127.0.0.1:3000/git/saltmarsh/tides";

    let whole = repositories.open_alone(&format!("{base}.git")).await.unwrap();
    assert_eq!(whole.begin(), Begin::Found(vec!["a/catalog-info.yaml".into(), "catalog-info.yaml".into()]));
    let told: Vec<String> = whole.remarks().into_iter().map(|remark| remark.about).collect();
    assert_eq!(told, ["linked/catalog-info.yaml"]);
    assert_eq!(text_of(&*whole, "a/catalog-info.yaml").await, "in a");
    assert_eq!(text_of(&*whole, "catalog-info.yaml").await, "root");
    assert!(text_of(&*whole, "a/link.yaml").await.starts_with("Refused"));
    assert!(text_of(&*whole, "none.yaml").await.starts_with("Missing"));
    assert!(matches!(whole.read("catalog-info.yaml", 1).await, Err(ReadProblem::Refused(_))));
    assert_eq!(text_of(&*whole, "catalog-info.yaml").await, "root");
    let listed = whole.list("a").await.unwrap();
    assert_eq!(
        listed.iter().map(|file| (file.path.as_str(), file.executable)).collect::<Vec<_>>(),
        [("a/catalog-info.yaml", false), ("a/run.sh", true)]
    );
    assert_eq!(whole.find("*/catalog-info.yaml").await.unwrap(), ["a/catalog-info.yaml"]);
    assert_eq!(whole.place("a/x.yaml").target, format!("{base}/blob/main/a/x.yaml"));
    assert_eq!(whole.revision().unwrap().len(), 40);

    let deep = repositories.open_alone(&format!("{base}/blob/feature/deep/a/catalog-info.yaml")).await.unwrap();
    assert_eq!(deep.begin(), Begin::Named(vec!["a/catalog-info.yaml".into()]));
    assert_eq!(text_of(&*deep, "a/catalog-info.yaml").await, "on the branch");
    for missing in ["/blob/none/x.yaml", "/blob/main/none.yaml", "/tree/main/none"] {
        let problem = repositories.open_alone(&format!("{base}{missing}")).await.err();
        assert!(matches!(problem, Some(ReadProblem::Missing(_))), "{missing}: {problem:?}");
    }
    let problem = repositories.open_alone("http://127.0.0.1:3000/git/saltmarsh/none.git").await.err();
    assert!(matches!(problem, Some(ReadProblem::Missing(_))), "{problem:?}");
}

#[tokio::test]
async fn a_folder_without_anything_to_read_is_told() {
    let (data, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(work.path().join("docs")).unwrap();
    std::fs::write(work.path().join("docs/guide.md"), "# Guide").unwrap();
    run(work.path(), &["init", "--quiet"]);
    run(work.path(), &["add", "."]);
    run(work.path(), &["commit", "--quiet", "-m", "first"]);
    let repositories = repositories(data.path(), "");
    for (behind, about) in [("", "."), ("?path=docs", "docs")] {
        let source = repositories.open_alone(&format!("{}{behind}", work.path().display())).await.unwrap();
        let told: Vec<String> = source.remarks().iter().map(|it| format!("{} {}", it.about, it.message)).collect();
        let expected = format!(
            "{about} holds no YAML file at `main`; correct the path or the branch, or add a `catalog-info.yaml`"
        );
        assert_eq!(told, [expected]);
    }
}

#[tokio::test]
async fn what_is_reached_by_ssh_is_told_by_the_address_that_was_written() {
    let target = Target::parse("ssh://git@git.example:4222/srv/quay.git", true, "http://127.0.0.1:3000");
    assert_eq!(target.unwrap().unwrap().shown(), "ssh://git@git.example:4222/srv/quay.git");
    let target = Target::parse("https://git.example/quay/tides.git", true, "http://127.0.0.1:3000");
    assert_eq!(target.unwrap().unwrap().shown(), "https://git.example/quay/tides");
}

#[tokio::test]
async fn a_repository_on_disk_is_read_without_a_copy() {
    let (data, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    repository(work.path());
    let source = repositories(data.path(), "").open_alone(&work.path().display().to_string()).await.unwrap();
    assert_eq!(text_of(&*source, "catalog-info.yaml").await, "root");
}

#[tokio::test]
async fn branch_and_path_of_a_repository_on_disk_are_chosen() {
    let (data, work) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let checkout = work.path().join("quay#1");
    std::fs::create_dir_all(&checkout).unwrap();
    repository(&checkout);
    run(work.path(), &["clone", "--quiet", "--bare", "quay#1", "bare.git"]);
    let (bare, checkout) = (work.path().join("bare.git"), checkout);
    let repositories = repositories(data.path(), "");
    let read = async |text: String| match repositories.open_alone(&text).await {
        Ok(source) => {
            let (branch, follows) = source.branch().unwrap();
            let (Begin::Named(paths) | Begin::Found(paths) | Begin::Guessed(paths)) = source.begin();
            let said = text_of(&*source, &paths[0]).await;
            format!("{branch}{} {}: {said}", if follows { "*" } else { "" }, paths.join(" "))
        }
        Err(problem) => problem.to_string().replace(&work.path().display().to_string(), ""),
    };
    let mut told = Vec::new();
    for root in [bare.display().to_string(), format!("file://{}", bare.display()), checkout.display().to_string()] {
        for behind in ["", "/tree/feature/deep/a", "?ref=feature/deep&path=a", "?path=a/catalog-info.yaml", "/a"] {
            told.push(read(format!("{root}{behind}")).await);
        }
    }
    let bare = bare.display();
    told.push(read(format!("{bare}#feature/deep")).await);
    told.push(read(format!("{}/a?ref=feature/deep", checkout.display())).await);
    for wrong in ["/tree/none", "#none", "?path=none", "?branch=main", "/tree/main?ref=main", "/none"] {
        told.push(read(format!("{bare}{wrong}")).await);
    }
    told.push(read(format!("{}/none.git", work.path().display())).await);
    let one = "main* a/catalog-info.yaml catalog-info.yaml: in a
feature/deep a/catalog-info.yaml: on the branch
feature/deep a/catalog-info.yaml: on the branch
main* a/catalog-info.yaml: in a
main* a/catalog-info.yaml: in a";
    let each = [one, one, one].join("\n");
    let told = told.join("\n");
    let rest = told.strip_prefix(&each).unwrap_or_else(|| panic!("{told}"));
    let rest: Vec<&str> = rest.trim_start().lines().collect();
    let expected = [
        "feature/deep a/catalog-info.yaml catalog-info.yaml: on the branch",
        "feature/deep a/catalog-info.yaml: on the branch",
        "`file:///bare.git` has no branch, tag or commit `none`; correct the address",
        "`file:///bare.git` has no branch, tag or commit `none`; correct the address",
        "`none` is not in `file:///bare.git` at `main`; correct the path",
        "`/bare.git?branch=main`: `?branch=` means nothing to a Git repository; write the branch and the path as `?ref=BRANCH&path=PATH`",
        "`/bare.git/tree/main?ref=main`: `?ref=main` names what the address before it names already; write it once",
        "`none` is not in `file:///bare.git` at `main`; correct the path",
        "there is no repository `/none.git`",
    ];
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn an_internal_server_is_not_asked() {
    let data = tempfile::tempdir().unwrap();
    let problem = repositories(data.path(), "").open_alone("http://127.0.0.1:9/o/r.git").await.err();
    assert!(matches!(problem, Some(ReadProblem::Refused(_))), "{problem:?}");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_with_all_that_was_started() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Accepts, reads, and never says a word; hears when the other end is gone.
    let hears = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        while let Ok(1..) = connection.read(&mut buffer).await {}
    });
    let started = Instant::now();
    let problem =
        repositories(data.path(), &address.to_string()).open_alone(&format!("http://{address}/o/r.git")).await.err();
    let Some(ReadProblem::Unreachable(why)) = problem else { panic!("{problem:?}") };
    assert!(why.contains("did not answer within 15 seconds"), "{why}");
    assert!(started.elapsed() < LIMITS.list + Duration::from_secs(10), "{:?}", started.elapsed());
    tokio::time::timeout(Duration::from_secs(10), hears).await.expect("the connection is closed").unwrap();
}
