//! What `causeway doctor` says of an installation before anyone is kept out by it.

use std::process::Stdio;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_would_keep_people_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("causeway.toml");
    let said = async |settings: &str| {
        std::fs::write(&file, settings).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
        command.arg("doctor").arg("--config").arg(&file).arg("--data").arg(folder.path().join("data"));
        let output = command.stdin(Stdio::null()).output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let provider = "[[sign_in.providers]]\nid = \"gh\"\nkind = \"github\"\nclient_id = \"c\"\nclient_secret = \"env:NO_SUCH_SECRET\"\n";
    for (settings, wrong) in [
        ("[sign_in]\nadministrator_token = \"short\"\n".to_owned(), "problem  sign-in: `[sign_in] administrator_token`"),
        (format!("{provider}{provider}"), "two providers have this `id`"),
        (provider.to_owned(), "problem  provider gh: `client_secret`"),
        (format!("{provider}scim = \"okta-scim\"\n"), "no living service token is called `okta-scim`"),
        (
            "[outbound]\nallow = [\"127.0.0.1\"]\n[[sign_in.providers]]\nid = \"corp\"\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"c\"\n".to_owned(),
            "problem  provider corp: `http://127.0.0.1:9` cannot be asked",
        ),
    ] {
        let (is_good, told) = said(&settings).await;
        assert!(!is_good && told.contains(wrong), "{wrong}\n{told}");
    }
}
