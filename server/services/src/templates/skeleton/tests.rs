//! What skeletons rely on, and what bad ones may not do.

use proptest::prelude::*;

use super::*;

fn file(path: &str, content: &str) -> File {
    File { path: path.to_owned(), content: Bytes::from(content.to_owned()), executable: false }
}

fn render(files: &[File], input: &Value) -> Result<Vec<(String, String)>, String> {
    let rendered = fetch_template(files, input).map_err(|error| error.to_string())?;
    Ok(rendered.into_iter().map(|file| (file.path, String::from_utf8_lossy(&file.content).into_owned())).collect())
}

fn paths(files: &[File], input: &Value) -> Vec<String> {
    render(files, input).unwrap().into_iter().map(|(path, _)| path).collect()
}

#[test]
fn names_and_contents_are_filled_in() {
    let files = [
        file("src/${{ values.name }}.rs", "//! ${{ values.name }}: {{ helm }} ${{ values.list | dump }}\n"),
        file("README.md", "# ${{ values.title | default(values.name) }}\n"),
    ];
    let out = render(&files, &json!({"values": {"name": "quay", "list": [1, true]}})).unwrap();
    assert_eq!(
        out,
        [
            ("README.md".to_owned(), "# quay\n".to_owned()),
            ("src/quay.rs".to_owned(), "//! quay: {{ helm }} [1,true]\n".to_owned()),
        ]
    );
}

#[test]
fn a_path_with_an_empty_part_leaves_the_file_out() {
    let files = [
        file("{% if values.ci %}.github{% endif %}/ci.yml", ""),
        file("deploy/{% if values.public %}ingress.yaml{% endif %}", ""),
        file("a/${{ values.gone }}/b", ""),
        file("kept", ""),
    ];
    assert_eq!(paths(&files, &json!({"values": {"ci": false}})), ["kept"]);
    assert_eq!(
        paths(&files, &json!({"values": {"ci": true, "public": true, "gone": "x"}})),
        [".github/ci.yml", "a/x/b", "deploy/ingress.yaml", "kept"]
    );
}

#[test]
fn a_path_that_climbs_out_is_refused() {
    for name in ["../x", "a/../../x", "..", "x/../y", ".git/hooks/post-commit", ".GIT/config", "a\\b", "a\nb"] {
        let error = render(&[file("${{ values.name }}", "")], &json!({"values": {"name": name}})).unwrap_err();
        assert!(error.starts_with("`${{ values.name }}`: its rendered path"), "{name}: {error}");
    }
    // An absolute one has an empty first part, which leaves the file out.
    assert!(paths(&[file("${{ values.name }}", "")], &json!({"values": {"name": "/etc/passwd"}})).is_empty());
    for target in ["../x", "/etc", "a/../.."] {
        assert!(render(&[], &json!({"targetPath": target})).is_err(), "{target}");
    }
    assert_eq!(paths(&[file("a", "")], &json!({"targetPath": "./sub/dir/"})), ["sub/dir/a"]);
}

#[test]
fn some_files_are_copied_as_they_are() {
    let files = [file("docs/${{ values.a }}.md", "${{ values.a }}"), file("x", "${{ values.a }}")];
    let contents = |input: Value| render(&files, &input).unwrap();
    let values = json!({"a": "1"});
    assert_eq!(
        contents(json!({"values": values, "copyWithoutTemplating": ["docs/*"]})),
        [("docs/1.md".to_owned(), "${{ values.a }}".to_owned()), ("x".to_owned(), "1".to_owned())]
    );
    assert_eq!(
        contents(json!({"values": values, "copyWithoutRender": ["docs"]})),
        [("docs/${{ values.a }}.md".to_owned(), "${{ values.a }}".to_owned()), ("x".to_owned(), "1".to_owned())]
    );
    let files = [file("${{ values.a }}.txt.njk", "${{ values.a }}"), file("b${{ values.a }}", "${{ values.a }}")];
    assert_eq!(
        render(&files, &json!({"values": values, "templateFileExtension": true})).unwrap(),
        [("1.txt".to_owned(), "1".to_owned()), ("b1".to_owned(), "${{ values.a }}".to_owned())]
    );
    assert!(render(&files, &json!({"copyWithoutRender": ["a"], "copyWithoutTemplating": ["b"]})).is_err());
}

#[test]
fn binary_files_and_the_executable_bit_survive() {
    let content = Bytes::from_static(b"\x89PNG\0${{ values.a }}");
    let files = [
        File { path: "logo.png".into(), content: content.clone(), executable: false },
        File { path: "latin1".into(), content: Bytes::from_static(b"caf\xe9 ${{ values.a }}"), executable: false },
        File { path: "run".into(), content: Bytes::from_static(b"${{ values.a }}"), executable: true },
    ];
    let out = fetch_template(&files, &json!({"values": {"a": 1}})).unwrap();
    assert_eq!(out[1].content, content);
    assert_eq!(&out[0].content[..], b"caf\xe9 ${{ values.a }}");
    assert!(out[2].executable && &out[2].content[..] == b"1");
}

#[test]
fn mistakes_name_the_file_and_the_line() {
    let error = render(&[file("src/a.rs", "x\ny ${{ values.a | kebabCase }}")], &json!({})).unwrap_err();
    insta::assert_snapshot!(error, @"`src/a.rs`: line 2: there is no filter `kebabCase`; see the list of filters in the documentation");
    let error = render(&[file("a", ""), file("${{ values.x }}", "")], &json!({"values": {"x": "a"}})).unwrap_err();
    insta::assert_snapshot!(error, @"`${{ values.x }}`: it is rendered to `a`, and so is another file; give them different names");
    let error = render(&[file("a", "")], &json!({"copyWithoutTemplating": "docs/**"})).unwrap_err();
    insta::assert_snapshot!(error, @"`input.copyWithoutTemplating` must be a list of globs, such as `[docs/**]`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_name_leads_out(name in "(\\.\\.|\\.|/|\\\\|a|b|%2e|~|\n| |\\.git){0,8}") {
        if let Ok(out) = render(&[file("x/${{ values.name }}", "")], &json!({"values": {"name": name}})) {
            for (path, _) in out {
                prop_assert!(path.starts_with("x/"), "{}", path);
                prop_assert!(!path.split('/').any(|part| part == ".." || part == ".git"), "{}", path);
            }
        }
    }
}
