//! What reaches over a page, or looks like text: addresses and footnotes, blocks between slashes, lines of attributes.

use super::*;

#[test]
fn addresses_and_footnotes_of_a_page_hold_in_all_its_parts() {
    insta::assert_snapshot!(html("P [ref][^2] end.\n\n!!! note \"On [ref] and `x`\"\n\n    In note [Ref] and foot[^1] again[^2].\n\n=== \"Slower <small>b</small>\"\n\n    In tab [inner] foot[^1].\n\n    [inner]: https://example.com/inner\n\n<div markdown>\n\nIn div [ref].\n\n</div>\n\n| t |\n|---|\n| [ref] foot[^1] |\n\n    [^3]: code[^1]\n\n`[^1]` [^unknown]\n\n[ref]: https://example.com/ref \"T\"\n[odd]: two words\n[^1]: The note\n    goes on.\n\n    More of [ref].\n[^2]: Other[^4].\n[^4]: Last\n[^5]: Never\n"), @r##"
    <p>P <a href="https://example.com/ref" title="T" rel="external noopener noreferrer">ref</a><sup class="footnote-ref"><a href="#doc-fn-1" id="doc-fnref-1" rel="external noopener noreferrer">1</a></sup> end.</p>
    <div class="note note-info"><p class="note-title">On <a href="https://example.com/ref" title="T" rel="external noopener noreferrer">ref</a> and <code>x</code></p><p>In note <a href="https://example.com/ref" title="T" rel="external noopener noreferrer">Ref</a> and foot<sup class="footnote-ref"><a href="#doc-fn-2" id="doc-fnref-2-2" rel="external noopener noreferrer">2</a></sup> again<sup class="footnote-ref"><a href="#doc-fn-1" id="doc-fnref-1-2" rel="external noopener noreferrer">1</a></sup>.</p>
    </div>
    <fieldset class="tabs"><legend>Choose one</legend><input type="radio" name="tabs-1" id="tabs-1-0" checked><label for="tabs-1-0">Slower <small>b</small></label><div class="tab"><p>In tab <a href="https://example.com/inner" rel="external noopener noreferrer">inner</a> foot<sup class="footnote-ref"><a href="#doc-fn-2" id="doc-fnref-2-3" rel="external noopener noreferrer">2</a></sup>.</p>
    </div></fieldset>
    <div><p>In div <a href="https://example.com/ref" title="T" rel="external noopener noreferrer">ref</a>.</p>
    </div>
    <table tabindex="0">
    <thead>
    <tr>
    <th>t</th>
    </tr>
    </thead>
    <tbody>
    <tr>
    <td><a href="https://example.com/ref" title="T" rel="external noopener noreferrer">ref</a> foot<sup class="footnote-ref"><a href="#doc-fn-2" id="doc-fnref-2" rel="external noopener noreferrer">2</a></sup></td>
    </tr>
    </tbody>
    </table>
    <pre class="code" tabindex="0"><code>[^3]: code[^1]
    </code></pre>
    <p><code>[^1]</code> [^unknown]</p>
    <p>[odd]: two words</p>
    <section class="footnotes">
    <ol>
    <li id="doc-fn-1">
    <p>Other<sup class="footnote-ref"><a href="#doc-fn-3" id="doc-fnref-3" rel="external noopener noreferrer">3</a></sup>. <a href="#doc-fnref-1" class="footnote-backref" aria-label="Back to where it is said">↩</a> <a href="#doc-fnref-1-2" class="footnote-backref" aria-label="Back to where it is said">↩</a></p>
    </li>
    <li id="doc-fn-2">
    <p>The note
    goes on.</p>
    <p>More of <a href="https://example.com/ref" title="T" rel="external noopener noreferrer">ref</a>. <a href="#doc-fnref-2" class="footnote-backref" aria-label="Back to where it is said">↩</a> <a href="#doc-fnref-2-2" class="footnote-backref" aria-label="Back to where it is said">↩</a> <a href="#doc-fnref-2-3" class="footnote-backref" aria-label="Back to where it is said">↩</a></p>
    </li>
    <li id="doc-fn-3">
    <p>Last <a href="#doc-fnref-3" class="footnote-backref" aria-label="Back to where it is said">↩</a></p>
    </li>
    </ol>
    </section>
    "##);
    // Whatever is odd costs little and does no harm.
    for odd in [
        "[^a]: b[^a]\n\n[^a]".to_owned(),
        "[^]: x\n[]: y\n[^ ]: z".into(),
        "[^a]:\n".repeat(20_000),
        "[^a] ".repeat(50_000) + "\n\n[^a]: x",
        "[a]: b\n".repeat(4_000) + &"!!! note\n    [a]\n".repeat(500),
        format!("[^a]: x\n{}    y\n[^a]", "\n".repeat(100_000)),
    ] {
        html(&odd);
    }
}

#[test]
fn blocks_between_slashes_are_notes_folds_and_tabs() {
    let page = shown(
        "/// tip | Mind *it*\n\nWords\n\n///\n\n/// details | More\n    type: warning\n    open: True\n\n//// note\nInner\n////\n\n///\n\n/// tab | One\nfirst\n///\n\n/// tab | Two\nsecond\n///\n\n/// caption\nUnder\n///\n\n/// never ended\n",
    );
    insta::assert_snapshot!(page.html, @r##"
    <div class="note note-success"><p class="note-title">Mind <em>it</em></p><p>Words</p>
    </div>
    <details class="note note-warning" open><summary class="note-title">More</summary><div class="note note-info"><p class="note-title">Note</p><p>Inner</p>
    </div>
    </details>
    <fieldset class="tabs"><legend>Choose one</legend><input type="radio" name="tabs-1" id="tabs-1-0" checked><label for="tabs-1-0">One</label><div class="tab"><p>first</p>
    </div><input type="radio" name="tabs-1" id="tabs-1-1"><label for="tabs-1-1">Two</label><div class="tab"><p>second</p>
    </div></fieldset>
    <p>/// caption
    Under
    ///</p>
    <p>/// never ended</p>
    "##);
    assert_eq!(page.remarks, ["the block `/// caption` is shown as it is written"]);
}

#[test]
fn a_bar_in_code_does_not_end_a_cell() {
    insta::assert_snapshot!(html("| type | about |\n|---|---|\n| `string|null` | **important** |\n| ``a`|b`` `x\\|y` ` | z |\n\n`a|b`\n"), @r##"
    <table tabindex="0">
    <thead>
    <tr>
    <th>type</th>
    <th>about</th>
    </tr>
    </thead>
    <tbody>
    <tr>
    <td><code>string|null</code></td>
    <td><strong>important</strong></td>
    </tr>
    <tr>
    <td><code>a`|b</code> <code>x|y</code> `</td>
    <td>z</td>
    </tr>
    </tbody>
    </table>
    <p><code>a|b</code></p>
    "##);
    let indented = html("- [x] item one[^1]\n\n  [^1]:\n    Indented note\n");
    assert!(
        indented.contains("Indented note <a href=\"#doc-fnref-1\"") && !indented.contains("<p>Indented note</p>"),
        "{indented}"
    );
}

#[test]
fn lines_of_attributes_are_read_past_and_keep_their_names() {
    insta::assert_snapshot!(html("Words\n{ .annotate }\n\n* item\n{#item-id}\n\n    === \"Tab\"\n\n        ```python\n        x = 1\n        ```\n\n    !!! note\n        In it\n\nTo [it](#item-id)\n"), @r##"
    <p>Words</p>
    <ul>
    <li>
    <p>item
    <span id="doc-item-id"></span></p>
    <fieldset class="tabs"><legend>Choose one</legend><input type="radio" name="tabs-1" id="tabs-1-0" checked><label for="tabs-1-0">Tab</label><div class="tab"><pre class="code" tabindex="0"><code>x = <span class="hl-n">1</span>
    </code></pre>
    </div></fieldset>
    <div class="note note-info"><p class="note-title">Note</p><p>In it</p>
    </div>
    </li>
    </ul>
    <p>To <a href="#doc-item-id" rel="external noopener noreferrer">it</a></p>
    "##);
}

#[test]
fn footnotes_that_quotes_and_definitions_define_are_of_the_page() {
    let text = "first[^1] second[^2]\n\n> quote[^4]\n>\n> [^4]: in\n>     quote\n>\n> > [^5]: deeper\n>\n> on\n\nTerm\n:   Definition[^d]\n\n    [^d]: in def\n\nthird[^3] last[^5]\n\n[^1]: one\n[^2]: two\n[^3]: three\n";
    let html = html(text);
    let numbers: Vec<&str> =
        html.split("<a href=\"#doc-fn-").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"], "{html}");
    assert_eq!(html.matches("<section class=\"footnotes\">").count(), 1, "{html}");
    for (number, words) in [(3, "in\nquote"), (4, "in def"), (6, "deeper")] {
        let note = html.split(&format!("id=\"doc-fn-{number}\">")).nth(1).unwrap();
        assert!(note.trim_start().starts_with(&format!("<p>{words}")), "{number}: {html}");
    }
    assert!(!html.contains("[^") && html.contains("on</p>"), "{html}");
    // However many there are, they cost little.
    super::html(&"> [^a]: b\n".repeat(40_000));
}

#[test]
fn what_folds_has_the_words_of_its_links_and_no_link() {
    let html =
        html("??? note \"On [x](https://example.com/a?b=%3E \"t\") and `y`\"\n\n    Text [x](https://example.com).\n");
    assert!(html.contains("<summary class=\"note-title\">On x and <code>y</code></summary>"), "{html}");
    assert!(html.contains("<p>Text <a href=\"https://example.com\""), "{html}");
}

#[test]
fn lines_of_code_are_numbered_and_stand_out_as_their_fence_says() {
    insta::assert_snapshot!(html("```yaml linenums=\"9\" hl_lines=\"2\" title=\"a.yaml\"\na: 1\nb: <b>\n```\n"), @r##"
    <p class="code-title">a.yaml</p><pre class="code" tabindex="0"><code><span class="code-line"><span class="code-number" aria-hidden="true" data-line="9"></span><span><span class="hl-t">a</span>: <span class="hl-n">1</span>
    </span></span><span class="code-line code-lit"><span class="code-number" aria-hidden="true" data-line="10"></span><span><span class="hl-t">b</span>: <span class="hl-s">&lt;b&gt;</span>
    </span></span></code></pre>
    "##);
}

#[test]
fn notes_on_code_are_signs_in_it_and_a_list_below() {
    insta::assert_snapshot!(html("``` { .yaml .annotate hl_lines=\"1\" }\na: 1 # (1)!\nb: 2 # (2)!\n```\n\n1. The *first*\n2. The second\n"), @r##"
    <pre class="code" tabindex="0"><code><span class="code-line code-lit"><span><span class="hl-t">a</span>: <span class="hl-n">1</span> <span class="code-note">(1)</span>
    </span></span><span class="code-line"><span><span class="hl-t">b</span>: <span class="hl-n">2</span> <span class="code-note">(2)</span>
    </span></span></code></pre>
    <ol>
    <li>The <em>first</em></li>
    <li>The second</li>
    </ol>
    "##);
    // Without a list they mean nothing.
    insta::assert_snapshot!(html("```yaml\na: 1 # (1)!\n```\n\ntext\n"), @r##"
    <pre class="code" tabindex="0"><code><span class="hl-t">a</span>: <span class="hl-n">1</span> <span class="hl-c"># (1)!</span>
    </code></pre>
    <p>text</p>
    "##);
}
