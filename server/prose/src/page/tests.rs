mod mkdocs;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::sanitise::Target;

struct Site;

impl Links for Site {
    fn link(&self, address: &str) -> Target {
        match address {
            "other.md" => Target::To("/docs/other.md".into()),
            other => Target::Broken(format!("the link `{other}` leads to nothing")),
        }
    }

    fn image(&self, address: &str) -> Target {
        Target::To(format!("/files/{address}"))
    }
}

fn shown(markdown: &str) -> Page {
    page(markdown, 1, Arc::new(Site))
}

fn html(markdown: &str) -> String {
    shown(markdown).html
}

#[test]
fn notes_folds_and_tabs_hold_markdown() {
    insta::assert_snapshot!(html("Before\n!!! warning \"Mind the *gap*\"\n    First\n\n    - a\n    - b\n\n        ```rust\n        let x = 1;\n        ```\nAfter\n\n??? note\n    Hidden\n\n???+ tip \"\"\n    Open\n"), @r#"
    <p>Before</p>
    <div class="note note-warning"><p class="note-title">Mind the <em>gap</em></p><p>First</p>
    <ul>
    <li>
    <p>a</p>
    </li>
    <li>
    <p>b</p>
    <pre class="code" tabindex="0"><code><span class="hl-k">let</span> x = <span class="hl-n">1</span>;
    </code></pre>
    </li>
    </ul>
    </div>
    <p>After</p>
    <details class="note note-info"><summary class="note-title">Note</summary><p>Hidden</p>
    </details>
    <details class="note note-success" open><summary class="note-title">Tip</summary><p>Open</p>
    </details>
    "#);
    insta::assert_snapshot!(html("=== \"One\"\n    a\n\n=== \"Two\"\n    !!! danger\n        b\n\nEnd\n"), @r#"
    <fieldset class="tabs"><legend>Choose one</legend><input type="radio" name="tabs-1" id="tabs-1-0" checked><label for="tabs-1-0">One</label><div class="tab"><p>a</p>
    </div><input type="radio" name="tabs-1" id="tabs-1-1"><label for="tabs-1-1">Two</label><div class="tab"><div class="note note-error"><p class="note-title">Danger</p><p>b</p>
    </div>
    </div></fieldset>
    <p>End</p>
    "#);
    insta::assert_snapshot!(html("- item\n\n    !!! note\n        in it\n\n- next\n"), @r#"
    <ul>
    <li>
    <p>item</p>
    <div class="note note-info"><p class="note-title">Note</p><p>in it</p>
    </div>
    </li>
    <li>
    <p>next</p>
    </li>
    </ul>
    "#);
    // Code that only looks like a note stays code.
    insta::assert_snapshot!(html("```\n!!! note\n    x\n```\n\n    !!! note\n        y\n"), @r#"
    <pre class="code" tabindex="0"><code>!!! note
        x
    </code></pre>
    <pre class="code" tabindex="0"><code>!!! note
        y
    </code></pre>
    "#);
}

#[test]
fn markdown_in_html_is_rendered_where_it_is_asked_for() {
    insta::assert_snapshot!(html("<div class=\"grid cards\" markdown>\n\n-   **Berths**\n\n    ---\n\n    Who lies [where](other.md)\n\n</div>\n\n<details markdown=\"1\">\n<summary>More</summary>\n\n!!! note\n    *in it*\n\n</details>\nEnd <span markdown>**x**</span> `#!rust let x;` `#!/bin/sh x`\n\n<div>\n**as it is**\n</div>\n"), @r#"
    <div class=""><ul>
    <li>
    <p><strong>Berths</strong></p>
    <hr>
    <p>Who lies <a href="/docs/other.md" rel="external noopener noreferrer">where</a></p>
    </li>
    </ul>
    </div>
    <details><summary>More</summary>
    <div class="note note-info"><p class="note-title">Note</p><p><em>in it</em></p>
    </div>
    </details>
    <p>End <span><strong>x</strong></span> <code>let x;</code> <code>#!/bin/sh x</code></p>
    <div>
    **as it is**
    </div>
    "#);
}

#[test]
fn what_mkdocs_pages_use_is_rendered() {
    insta::assert_snapshot!(html("---\ntitle: x\n---\n# Top {#own}\n## Twice\n## Twice\n[TOC]\nTerm\n:   Meaning\n\n- [ ] open\n- [x] done\n\nA ==mark==, H~2~O, x^2^, ~~no~~, :ship: and a note[^1].\n\n[^1]: The note.\n\n*[HTML]: Language\n"), @r##"
    <h2 id="doc-own"><span id="doc-top"></span>Top</h2>
    <h3 id="doc-twice">Twice</h3>
    <h3 id="doc-twice_1"><span id="doc-twice-1"></span>Twice</h3>
    <dl>
    <dt>Term</dt>
    <dd>
    <p>Meaning</p>
    </dd>
    </dl>
    <ul>
    <li> <span class="doc-box">☐</span> open</li>
    <li> <span class="doc-box">☑</span> done</li>
    </ul>
    <p>A <mark>mark</mark>, H<sub>2</sub>O, x<sup>2</sup>, <del>no</del>, 🚢 and a note<sup class="footnote-ref"><a href="#doc-fn-1" id="doc-fnref-1" rel="external noopener noreferrer">1</a></sup>.</p>
    <section class="footnotes">
    <ol>
    <li id="doc-fn-1">
    <p>The note. <a href="#doc-fnref-1" class="footnote-backref" aria-label="Back to where it is said">↩</a></p>
    </li>
    </ol>
    </section>
    "##);
    insta::assert_snapshot!(html("[there](other.md){ .md-button } [gone](gone.md) [down](#twice) [out](https://example.com) ![a](img/a.png){ width=\"3\" } <img src=\"b.png\" alt=b>\n"), @r##"<p><a href="/docs/other.md" rel="external noopener noreferrer">there</a> <a rel="external noopener noreferrer">gone</a> <a href="#doc-twice" rel="external noopener noreferrer">down</a> <a href="https://example.com" rel="external noopener noreferrer">out</a> <img src="/files/img/a.png" alt="a"> <img src="/files/b.png" alt="b"></p>"##);
    insta::assert_snapshot!(html("```yaml title=\"a.yaml\"\na: 1\n```\n\n> [!NOTE]\n> Alert\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n"), @r#"
    <p class="code-title">a.yaml</p><pre class="code" tabindex="0"><code><span class="hl-t">a</span>: <span class="hl-n">1</span>
    </code></pre>
    <div class="markdown-alert markdown-alert-note">
    <p class="markdown-alert-title">Note</p>
    <p>Alert</p>
    </div>
    <table tabindex="0">
    <thead>
    <tr>
    <th align="left">a</th>
    <th align="right">b</th>
    </tr>
    </thead>
    <tbody>
    <tr>
    <td align="left">1</td>
    <td align="right">2</td>
    </tr>
    </tbody>
    </table>
    "#);
    let page = shown("# Top\n## A *b* `c`\n## Top\n");
    let headings: Vec<_> =
        page.headings.iter().map(|heading| (heading.level, heading.id.as_str(), heading.text.as_str())).collect();
    assert_eq!(headings, [(2, "doc-top", "Top"), (3, "doc-a-b-c", "A b c"), (3, "doc-top_1", "Top")]);
}

#[test]
fn what_mkdocs_adds_within_lines_is_rendered() {
    insta::assert_snapshot!(html("*[HTML]: Hyper \"Text\"\n\n## HTML ++ctrl+s++\n\n^^in *it*^^ {++add++}{--del--} {~~a~>b~~}, HTML and XHTML, `HTML ++x++` [HTML](other.md) a --> b\n\n!!! note\n    HTML (c)\n"), @r#"
    <h3 id="doc-html-ctrls"><abbr title="Hyper &quot;Text&quot;">HTML</abbr> <span><kbd>Ctrl</kbd>+<kbd>S</kbd></span></h3>
    <p><ins>in <em>it</em></ins> <ins>add</ins><del>del</del> <del>a</del><ins>b</ins>, <abbr title="Hyper &quot;Text&quot;">HTML</abbr> and XHTML, <code>HTML ++x++</code> <a href="/docs/other.md" rel="external noopener noreferrer">HTML</a> a → b</p>
    <div class="note note-info"><p class="note-title">Note</p><p><abbr title="Hyper &quot;Text&quot;">HTML</abbr> ©</p>
    </div>
    "#);
    let attack = html("*[a]: \"><script>alert(1)</script>\n\na {++<script>x</script>++} ++\"<script>\"++\n");
    assert!(!attack.contains("<script"), "{attack}");
}

#[test]
fn what_is_not_supported_is_told() {
    let page = shown(
        "--8<-- \"x.md\"\n\n::: a.b\n\n{% include %}\n\n```mermaid\nno diagram\n```\n\n```dot\ndigraph {}\n```\n\n![badge](https://img.example/x.svg)\n\n[a](gone.md)\n",
    );
    insta::assert_snapshot!(page.remarks.join("\n"), @"
    `--8<--` takes in other files, which is not done
    `::: a.b` is filled in by a plugin, which is not run
    `{% … %}` is filled in by a plugin, which is not run
    the image `https://img.example/x.svg` is on another server; it is shown as a link
    the link `gone.md` leads to nothing
    a diagram is not drawn: its kind is not known; its source is shown
    diagrams in `dot` are not drawn; their source is shown
    ");
}

#[test]
fn nothing_that_runs_gets_through() {
    let attacks = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](data:text/html,x) <vbscript:x>",
        "[x](java&#10;script:alert(1)) <a href=\"java\tscript:alert(1)\">x</a> <a href=\" &#1;javascript:alert(1)\">x</a>",
        "<iframe src=\"https://evil.example\"></iframe><object data=x></object><embed src=x>",
        "<svg onload=alert(1)><script>alert(1)</script><a xlink:href=\"javascript:alert(1)\">x</a></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<form action=https://evil.example><input name=a><button formaction=javascript:alert(1)>x</button></form>",
        "<div markdown onclick=alert(1) style=\"position:fixed\">\n<script>alert(1)</script> [x](javascript:alert(1))\n</div>",
        "<div title=\"\n<div markdown>\n\" onclick=alert(1)>\n</div>",
        "<div style=\"position:fixed;inset:0\" class=\"fixed inset-0 z-50\" onclick=x id=main>x</div>",
        "<style>*{display:none}</style><link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=//evil>",
        "!!! note \"<script>alert(1)</script>\"\n    <script>alert(1)</script>\n",
        "=== \"<img src=x onerror=alert(1)>\"\n    x\n",
        "```<script>alert(1)</script>\n<script>alert(1)</script>\n```",
        "```js title=\"<script>alert(1)</script>\"\n</code></pre><script>alert(1)</script>\n```",
        "# <script>alert(1)</script> {#\"onload=alert(1)}",
        "<a name=\"x\" onclick=alert(1) style=x>x</a> [x](#\"onload=alert(1))",
        "\u{e000}0\u{e001} \u{e002}0\u{e003} <p>\u{e000}1\u{e001}</p>",
        "<a href=//evil.example>x</a> <img src=//evil.example/x.png> <img srcset=https://evil.example/x>",
        "![x](javascript:alert(1)) ![y](data:image/svg+xml;base64,PHN2Zz4=)",
        "[^<script>]: x\n\n<details open ontoggle=alert(1)><summary>x</summary></details>",
        "<pre id=\"\n\n!!! note \"x onmouseover=alert(1) y\"\n    onfocus=alert(1)\n\n?? x\n\n??? y \"onblur=alert(1) z\"\n    b\n\n\">x</pre>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    ];
    for attack in attacks {
        for nested in
            [attack.to_owned(), format!("> - {attack}"), format!("!!! note\n    {}\n", attack.replace('\n', "\n    "))]
        {
            let html = html(&nested).to_lowercase();
            let bare = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
            for tag in bare {
                let name: String =
                    tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                let bad = [
                    "script", "iframe", "object", "embed", "svg", "math", "style", "link", "meta", "base", "form",
                    "button",
                ];
                assert!(!bad.contains(&name.as_str()), "{attack}: {html}");
                assert!(name != "input" || tag.contains("type=\"radio\""), "{attack}: {html}");
                for word in
                    [" on", "style=", "javascript:", "data:", "vbscript:", "srcset", "evil", "inset-0", "\"main\""]
                {
                    let link = word == "evil" && tag.contains("href=\"https://evil");
                    assert!(!tag.contains(word) || link, "{word} in {tag} of {attack}");
                }
            }
        }
    }
}

#[test]
fn giants_and_bombs_are_bounded() {
    let bombs = [
        ">".repeat(40_000),
        "- ".repeat(40_000),
        "1. ".repeat(50_000),
        "*".repeat(50_000) + "x" + &"*".repeat(50_000),
        "*a ".repeat(50_000),
        "[".repeat(40_000),
        "[a](".repeat(50_000),
        "![".repeat(50_000),
        "<div>".repeat(50_000),
        "<div markdown>\n".repeat(50_000),
        "<div markdown>".repeat(50_000),
        format!("<div x=\"{}\" markdown>", " markdown".repeat(50_000)),
        "<p markdown>x</p>\n".repeat(20_000),
        "<b>".repeat(40_000),
        "<p>".repeat(50_000),
        "`".repeat(1_000) + &"` ".repeat(50_000),
        "!!! note\n    ".repeat(5_000),
        (0..300).map(|depth| format!("{:indent$}- x\n", "", indent = depth * 2)).collect::<Vec<_>>().concat(),
        (0..300).map(|depth| format!("{:indent$}!!! note\n", "", indent = depth * 4)).collect::<Vec<_>>().concat(),
        "| a ".repeat(5_000) + "|\n" + &"|---".repeat(5_000) + "|\n" + &"| b |\n".repeat(1_000),
        "# same\n".repeat(20_000),
        "[^1]".repeat(20_000) + "\n\n[^1]: x",
        "=== \"t\"\n    x\n\n".repeat(5_000),
        "&".repeat(300_000),
        "](".repeat(200_000),
        "{++".repeat(200_000),
        "++a".repeat(200_000),
        "^^a".repeat(200_000),
        ":material-".repeat(80_000),
        "{{ a ".repeat(100_000),
        (0..2_000).map(|number| format!("*[A{number}]: x\n")).collect::<Vec<_>>().concat() + &"A1 ".repeat(100_000),
        "·".repeat(150_000),
        format!("<a title=\"{}\">x</a>", "&".repeat(200_000)),
        format!("<a title=\"{}\">x</a>", "&>".repeat(40_000)),
        "x".repeat(2 * 1024 * 1024),
        "```rust\n".to_owned() + &"fn a() {}\n".repeat(20_000) + "```",
        "[a]: x\n".repeat(20_000) + &"[a]".repeat(20_000),
    ];
    for bomb in bombs {
        // A small stack: pages are rendered on threads that have no more.
        let start: String = bomb.chars().take(20).collect();
        let started = Instant::now();
        let page =
            std::thread::Builder::new().stack_size(1024 * 1024).spawn(move || html(&bomb)).unwrap().join().unwrap();
        assert!(started.elapsed() < Duration::from_mins(1), "{start} took {:?}", started.elapsed());
        assert!(page.len() < 24 * 1024 * 1024, "{start} gave {} bytes", page.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_it_panic(text in "([<>!?=#*_`~:|\\[\\](){}\"'a-c \n-]|    |!!! note\n|=== \"a\"\n|```|\\[\\^1\\]){0,60}") {
        let page = shown(&text);
        prop_assert!(!page.html.contains(['\u{e000}', '\u{e001}', '\u{e002}', '\u{e003}']), "{}", page.html);
    }
}
