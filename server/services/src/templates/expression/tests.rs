//! What templates of the wild rely on, item by item, and what bad ones may cost.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn context() -> Context {
    let mut context = Context::new(&json!({
        "name": "quay-signs",
        "owner": "group:default/harbour",
        "repoUrl": "github.com?owner=saltmarsh&repo=quay-signs",
        "public": true,
        "port": 8080,
        "ratio": 0.5,
        "tags": ["rust", "signs"],
        "none": [],
        "nothing": null,
        "labels": {"tier": "one", "team": "harbour"},
        "empty": "",
        "members": [{"id": 1, "name": "Ama"}, {"id": 2, "name": "Kofi"}],
    }));
    context.set("steps", &json!({"publish": {"output": {"remoteUrl": "https://git/x", "files": 3}}}));
    context
}

fn text(template: &str) -> String {
    render_text(template, &context()).unwrap_or_else(|error| format!("ERROR {error}"))
}

fn value(template: &str) -> Value {
    evaluate(template, &context()).unwrap().unwrap_or_else(|| json!("UNDEFINED"))
}

fn failure(template: &str) -> String {
    render_text(template, &context()).unwrap_err().to_string()
}

#[test]
fn booleans_numbers_lists_and_objects_print_as_in_javascript() {
    assert_eq!(text("a ${{ parameters.public }} b"), "a true b");
    assert_eq!(text("${{ not parameters.public }}/${{ parameters.port }}/${{ parameters.ratio }}"), "false/8080/0.5");
    assert_eq!(text("x${{ parameters.tags }}"), "xrust,signs");
    assert_eq!(text("x${{ [1, true, none, 'a'] }}"), "x1,true,,a");
    assert_eq!(text("x${{ parameters.labels }}"), "x[object Object]");
    assert_eq!(text("x${{ parameters.nothing }}x"), "xx");
    assert_eq!(text("${{ 'public: ' ~ parameters.public ~ parameters.port ~ parameters.nope }}!"), "public: true8080!");
    assert_eq!(text("${{ 4 / 2 }}|"), "2|");
}

#[test]
fn what_is_not_set_is_empty_however_deep() {
    assert_eq!(text("x${{ parameters.no.such.thing }}x"), "xx");
    assert_eq!(text("{% if parameters.no.such %}yes{% else %}no{% endif %}"), "no");
    assert_eq!(text("{% for x in parameters.no.such %}x{% endfor %}."), ".");
    assert_eq!(text("${{ parameters.no.such | default('fallback') }}"), "fallback");
    assert_eq!(text("${{ parameters.no.such or 'other' }}"), "other");
}

#[test]
fn dump_writes_json() {
    assert_eq!(text("${{ parameters.tags | dump }};"), r#"["rust","signs"];"#);
    assert_eq!(text("${{ {a: 1, b: parameters.public} | dump }};"), r#"{"a":1,"b":true};"#);
    assert_eq!(text("${{ parameters.labels | dump(2) }};"), "{\n  \"tier\": \"one\",\n  \"team\": \"harbour\"\n};");
    assert_eq!(text("x${{ parameters.nope | dump }}"), "x");
}

#[test]
fn backstages_filters_take_references_apart() {
    assert_eq!(
        value("${{ parameters.repoUrl | parseRepoUrl }}"),
        json!({"host": "github.com", "owner": "saltmarsh", "repo": "quay-signs"})
    );
    assert_eq!(text("${{ (parameters.repoUrl | parseRepoUrl).repo }}!"), "quay-signs!");
    assert_eq!(text("${{ parameters.repoUrl | parseRepoUrl | pick('owner') }}"), "saltmarsh");
    assert_eq!(text("${{ parameters.repoUrl | projectSlug }}"), "saltmarsh/quay-signs");
    assert_eq!(
        value("${{ parameters.owner | parseEntityRef }}"),
        json!({"kind": "group", "namespace": "default", "name": "harbour"})
    );
    assert_eq!(
        value("${{ 'quay' | parseEntityRef({ defaultKind: 'Group', defaultNamespace: 'north' }) }}"),
        json!({"kind": "Group", "namespace": "north", "name": "quay"})
    );
    insta::assert_snapshot!(failure("${{ 'quay' | parseEntityRef }}"), @"line 1: the entity reference `quay` names no kind; write `kind:quay`, or give `defaultKind`");
    insta::assert_snapshot!(failure("${{ 'quay' | parseRepoUrl }}"), @"line 1: `quay` is not a repository's place; write `HOST?owner=OWNER&repo=NAME`");
}

#[test]
fn javascripts_methods_work() {
    assert_eq!(text("${{ parameters.name.split('-')[1] }}"), "signs");
    assert_eq!(text("${{ parameters.name.toUpperCase().replaceAll('-', '_') }}"), "QUAY_SIGNS");
    assert_eq!(text("${{ 'a-b-c'.replace('-', '.') }} ${{ 'a-b-c' | replace('-', '.') }}"), "a.b-c a.b.c");
    assert_eq!(
        text("${{ parameters.name.replace(r/[^a-z]/g, '') }} ${{ 'x1' | replace(r/([0-9])/, '<$1a>') }}"),
        "quaysigns x<1a>"
    );
    assert_eq!(text("${{ parameters.name.includes('quay') and parameters.tags.includes('rust') }}"), "true");
    assert_eq!(text("${{ parameters.name.startsWith('q') }} ${{ parameters.name.indexOf('zz') }}"), "true -1");
    assert_eq!(
        text("${{ 'abcdef'.slice(1, -1) }} ${{ 'abcdef'.substring(4, 2) }} ${{ 'abcdef'.at(-1) }}"),
        "bcde cd f"
    );
    assert_eq!(text("${{ parameters.tags.join(' + ') }} ${{ [3].concat([4], 5).join() }}"), "rust + signs 3,4,5");
    assert_eq!(text("${{ '7'.padStart(3, '0') }} ${{ 1.5.toFixed(2) }}"), "007 1.50");
    assert_eq!(text("${{ r/^q/.test(parameters.name) }}"), "true");
    insta::assert_snapshot!(failure("\n${{ parameters.tags.map('x') }}"), @"line 2: `.map()` of a list is not supported; use a `for` block, or the filters `map`, `select` and `selectattr`");
    insta::assert_snapshot!(failure("${{ parameters.name.shout() }}"), @"line 1: string has no method named shout; see the methods in the documentation");
    insta::assert_snapshot!(failure("${{ parameters.nope.split(',') }}"), @"line 1: `.split()` is called on a value that is not set; guard it with `if` or `default`");
}

#[test]
fn maps_are_walked_in_pairs() {
    assert_eq!(text("{% for k, v in parameters.labels %}${{ k }}=${{ v }};{% endfor %}"), "tier=one;team=harbour;");
    assert_eq!(text("{% for k,v in {a: 1} -%} ${{ k }}${{ v }} {%- endfor %}"), "a1");
    assert_eq!(text("{% for a, b in [[1, 2], [3, 4]] %}${{ a + b }} {% endfor %}"), "3 7 ");
    assert_eq!(
        text("{% for m in parameters.members %}${{ loop.index }}/${{ loop.length }} ${{ m.name }};{% endfor %}"),
        "1/2 Ama;2/2 Kofi;"
    );
}

#[test]
fn strict_comparisons_and_conditions_work() {
    assert_eq!(text("{% if parameters.name === 'quay-signs' and parameters.port !== 1 %}yes{% endif %}"), "yes");
    assert_eq!(text("{% if parameters.nothing === null %}null{% elseif true %}x{% endif %}"), "null");
    assert_eq!(text("${{ 'a' if parameters.public else 'b' }} ${{ 'c' if parameters.empty }}."), "a .");
    // As in JavaScript, an empty list is true; its length is what people ask for.
    assert_eq!(text("{% if parameters.none %}list{% endif %}{% if parameters.none.length %}items{% endif %}"), "list");
    assert_eq!(
        text("${{ parameters.tags.length }} ${{ parameters.name | length }} ${{ parameters.nope.length }}."),
        "2 10 ."
    );
}

#[test]
fn a_whole_expression_keeps_its_type() {
    assert_eq!(value("${{ parameters.port }}"), json!(8080));
    assert_eq!(value("${{ parameters.public }}"), json!(true));
    assert_eq!(value("${{ parameters.members }}"), json!([{"id": 1, "name": "Ama"}, {"id": 2, "name": "Kofi"}]));
    assert_eq!(value("${{- parameters.labels -}}"), json!({"tier": "one", "team": "harbour"}));
    assert_eq!(value("${{ parameters.nothing }}"), Value::Null);
    assert_eq!(value("${{ parameters.empty }}"), json!(""));
    assert_eq!(value("${{ parameters.nope }}"), json!("UNDEFINED"));
    assert_eq!(value("${{ parameters.port }} "), json!("8080 "));
    assert_eq!(value("${{ parameters.tags | first }}"), json!("rust"));
}

#[test]
fn an_input_is_rendered_as_a_tree_and_empty_keys_vanish() {
    let input = json!({
        "url": "./skeleton",
        "values": {"port": "${{ parameters.port }}", "gone": "${{ parameters.nope }}", "title": "The ${{ parameters.name }}"},
        "topics": ["${{ parameters.tags[0] }}", "${{ parameters.nope }}"],
        "flag": false,
        "bad": {"a/b": "${{ parameters.name | dmp }}"},
    });
    let rendered = render_value(&input, &context());
    assert_eq!(
        rendered.value.unwrap(),
        json!({
            "url": "./skeleton",
            "values": {"port": 8080, "title": "The quay-signs"},
            "topics": ["rust", null],
            "flag": false,
            "bad": {"a/b": "${{ parameters.name | dmp }}"},
        })
    );
    assert_eq!(rendered.problems.len(), 1);
    assert_eq!(rendered.problems[0].pointer, "/bad/a~1b");
    insta::assert_snapshot!(rendered.problems[0].error, @"line 1: there is no filter `dmp`; did you mean `dump`?");
}

#[test]
fn an_if_is_false_for_nothing_empty_and_zero() {
    for falsy in [json!(false), json!(null), json!(""), json!(0), json!([])] {
        assert!(!is_true(Some(&falsy)), "{falsy}");
    }
    assert!(!is_true(None));
    for truthy in [json!(true), json!("false"), json!(1), json!({}), json!([0])] {
        assert!(is_true(Some(&truthy)), "{truthy}");
    }
}

#[test]
fn plus_adds_numbers_and_joins_everything_else() {
    assert_eq!(value("${{ parameters.port + 1 }}"), json!(8081));
    assert_eq!(value("${{ parameters.ratio + 1 + 2 }}"), json!(3.5));
    assert_eq!(value("${{ 'port-' + parameters.port + 1 }}"), json!("port-80801"));
    assert_eq!(text("x${{ parameters.no.owner + '/' + parameters.name }}"), "x/quay-signs");
    assert_eq!(text("${{ (parameters.name + '-' + (1 + 2)) | upper }}|"), "QUAY-SIGNS-3|");
    assert_eq!(text("{% if parameters.port + 1 == 8081 %}yes{% endif %}{% set x = 'a' + 1 %}${{ x }}"), "yesa1");
    assert_eq!(text("${{ -1 + 2 }} ${{ 5 - 1 + 2 }} ${{ 2 * 3 + 1 }}."), "1 6 7.");
    assert_eq!(text("${{ [1 + 1, {a: 'x' + 1}] | dump }};"), r#"[2,{"a":"x1"}];"#);
}

#[test]
fn nunjucks_filters_the_engine_lacks_are_there() {
    assert_eq!(
        text("${{ 'the quay signs' | title }} ${{ 'ABC' | capitalize }} ${{ 'a b' | wordcount }}"),
        "The Quay Signs Abc 2"
    );
    assert_eq!(text("${{ 'one two three' | truncate(8) }} ${{ '<b>x</b> y' | striptags }}"), "one two... x y");
    assert_eq!(text("${{ parameters.members | selectattr('id') | join(', ', 'name') }}"), "Ama, Kofi");
    assert_eq!(text("{% set x = parameters.name | upper %}${{ x }}"), "QUAY-SIGNS");
    assert_eq!(text("{% raw %}${{ secrets.TOKEN }}{% endraw %}"), "${{ secrets.TOKEN }}");
    assert_eq!(text("helm: {{ .Values.x }} {# gone #}"), "helm: {{ .Values.x }} ");
}

#[test]
fn cookiecutters_dialect_has_its_own_marks() {
    let renderer = Renderer::new(Dialect { cookiecutter: true, ..Dialect::default() });
    let mut context = Context::default();
    context.set("cookiecutter", &json!({"name": "x", "list": [1]}));
    let text = renderer.render("{{ cookiecutter.name }} {{ cookiecutter.list | jsonify }}", &context).unwrap();
    assert_eq!(text, "x [1]");
}

#[test]
fn a_template_that_loops_is_stopped_with_a_clear_message() {
    for endless in [
        "{% for a in range(100000) %}{% for b in range(100000) %}${{ a }}{% endfor %}{% endfor %}",
        "${{ 'x'.repeat(100000000) }} ",
        "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for a in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "${{ ('a'.repeat(4000000)).replaceAll('a', 'a'.repeat(4000000)) }} ",
    ] {
        let error = failure(endless);
        assert!(error.contains("it was stopped"), "{endless}: {error}");
    }
    let recursion = failure("{% macro f(x) %}${{ f(x) }}{% endmacro %}${{ f(1) }}");
    assert!(recursion.contains("recursion"), "{recursion}");
}

#[test]
fn mistakes_are_told_with_their_line() {
    insta::assert_snapshot!(failure("a\nb\n${{ parameters.name | uper }}"), @"line 3: there is no filter `uper`; did you mean `upper`?");
    insta::assert_snapshot!(failure("${{ nope() }} x"), @"line 1: there is no function `nope`");
    insta::assert_snapshot!(failure("{% if x %}"), @"line 1: cannot be read: unexpected end of input, expected end of block");
    insta::assert_snapshot!(failure("{% include 'x' %}"), @"line 1: other templates cannot be included; put the text here");
    insta::assert_snapshot!(failure("${{ a b }} c"), @"line 1: cannot be read: unexpected identifier, expected end of variable block");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_template_makes_it_panic(template in "(\\$\\{\\{ |\\}\\}|\\{% | %\\}|raw|endraw|for |in |if |endfor|endif|set |range\\(9\\)|parameters|\\.name|\\.tags|\\[0\\]|\\[-1:\\]|~|==|===|'|\"|r/|\\\\|\\| ?(dump|upper|replace\\('a','b'\\)|first|join|sort)|\\.slice\\(-1\\)|\\.split\\(''\\)|[a-z.(){}\\[\\]|,:= \n-]|é|0){0,24}") {
        let _ = render_text(&template, &context());
        let _ = evaluate(&template, &context());
    }

    #[test]
    fn text_without_marks_is_left_as_it_is(text in "[a-z $%#}\n]{0,60}") {
        prop_assert_eq!(render_text(&text, &context()).unwrap(), text);
    }
}
