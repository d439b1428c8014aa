//! What stands above the list: views, columns, the whole as a table.

use domain::{
    catalog::{Column, Listing, OWNER_ME, OWNER_MY_TEAMS, SavedView},
    home::Me,
};
use leptos::{prelude::*, server_fn::ServerFn as _};

use super::view_functions::{ChangeView, RemoveView, RenameView, SaveView};
use crate::ui::{AskForm, Button, ButtonKind, Glyph, Icon, LinkButton, MayNot, at_first, is_again};

/// Lists that were put together before: those that everyone has, one's own, those of one's teams; and a way to keep this one.
#[component]
pub(super) fn ViewsBar(listing: Listing, me: Me, views: Vec<SavedView>, may_not: String) -> impl IntoView {
    if !me.keeps {
        return view! { <MayNot why=may_not/> }.into_any();
    }
    let everything = Listing::everything();
    let of = |owner: &str| Listing { picks: owned_by(&everything, owner), ..everything.clone() };
    let chip = |glyph: Option<Glyph>, label: String, href: String, is_here: bool| {
        let class = if is_here {
            "tag h-7 px-2.5 border-primary! font-medium"
        } else {
            "tag h-7 px-2.5 hover:border-base-content/40"
        };
        view! {
            <li>
                <a class=class href=href aria-current=is_here.then_some("true") data-noscroll="true">
                    {glyph.map(|glyph| view! { <Icon glyph class="size-3.5 text-muted"/> })}
                    <span class="max-w-48 truncate">{label}</span>
                </a>
            </li>
        }
    };
    let here = views.iter().find(|view| listing.view.as_deref() == Some(&view.id.to_string())).cloned();
    let is_plain = here.is_none();
    let mine = me.user.is_some().then(|| {
        let is_here = |owner: &str| is_plain && listing.picked("owner") == [owner];
        view! {
            {chip(Some(Glyph::User), "Mine".to_owned(), of(OWNER_ME).href(), is_here(OWNER_ME))}
            {chip(Some(Glyph::Users), "My teams".to_owned(), of(OWNER_MY_TEAMS).href(), is_here(OWNER_MY_TEAMS))}
        }
    });
    let starred = Listing { starred: true, ..everything.clone() };
    let starred = chip(
        Some(Glyph::Star),
        "Starred".to_owned(),
        starred.href(),
        is_plain && listing.starred && listing.picked("owner").is_empty(),
    );
    let saved = views.iter().map(|view| {
        let joint = if view.query.is_empty() { "" } else { "&" };
        let href = format!("/catalog?{}{joint}view={}", view.query, view.id);
        let glyph = view.team.is_some().then_some(Glyph::Users);
        chip(glyph, view.name.clone(), href, here.as_ref().is_some_and(|here| here.id == view.id))
    });
    let saved = saved.collect_view();
    let is_foreign = here.is_none() && listing.view.is_some();
    let gone = is_foreign.then(|| view! { <p class="w-full text-table text-warning" role="status">"The view behind this link is not there any more, or not yours to change. This is the list as the address says."</p> });
    let tools = match here {
        Some(view) if may_not.is_empty() => view! { <ManageView listing view/> }.into_any(),
        Some(_) => view! { <MayNot why=may_not/> }.into_any(),
        None => view! { <KeepView listing me may_not/> }.into_any(),
    };
    view! {
        <div class="no-print mb-3 flex flex-wrap items-start gap-2">
            {gone}
            <nav aria-label="Views" class="min-w-0"><ul class="flex flex-wrap gap-1.5">{mine}{starred}{saved}</ul></nav>
            {tools}
        </div>
    }
    .into_any()
}

fn owned_by(everything: &Listing, owner: &str) -> Vec<(String, Vec<String>)> {
    let mut picks = everything.picks.clone();
    picks.push(("owner".to_owned(), vec![owner.to_owned()]));
    picks
}

const FOLDED: &str = "open:w-full";
const INSIDE: &str = "surface mt-2 flex flex-wrap items-end gap-x-4 gap-y-3 p-4";

/// A field of a form, plainly.
fn name_field(name: String) -> impl IntoView {
    view! {
        <label class="grid gap-1 text-table font-medium">
            "Name"
            <input name="name" value=name required maxlength="60" autocomplete="off" class="input h-8 w-56"/>
        </label>
    }
}

/// A way to keep the list as it is. The forms of views are sent as browsers send them: they are rare, and lead to another page.
#[component]
fn KeepView(listing: Listing, me: Me, may_not: String) -> impl IntoView {
    let teams = me
        .teams
        .iter()
        .map(|team| view! { <option value=team.to_string()>{format!("Everyone in {}", team.short())}</option> });
    let teams = teams.collect_view();
    // What was filled in is in sight, where the page is shown again.
    let is_again = is_again();
    view! {
        <details class=FOLDED open=is_again.then_some("")>
            <summary class="btn btn-ghost h-7"><Icon glyph=Glyph::Plus/>"Save view"</summary>
            <form method="post" action=SaveView::url() class=INSIDE>
                <input type="hidden" name="query" value=listing.kept()/>
                {name_field(at_first("name", String::new()))}
                <label class="grid gap-1 text-table font-medium">
                    "For"
                    <select name="team" class="select h-8 w-56"><option value="">"Me alone"</option>{teams}</select>
                </label>
                <Button submit=true>"Save"</Button>
                <p class="w-full text-meta text-muted">"What it narrows by, how it is sorted, and its columns are kept."</p>
                <MayNot why=may_not/>
            </form>
        </details>
    }
}

/// What can be done to the view that is open.
#[component]
fn ManageView(listing: Listing, view: SavedView) -> impl IntoView {
    let (id, link) = (view.id.to_string(), view.path());
    let hidden = {
        let id = id.clone();
        move || view! { <input type="hidden" name="id" value=id.clone()/> }
    };
    let kept = listing.kept();
    let differs = (kept != view.query).then(|| {
        view! {
            <form method="post" action=ChangeView::url()>
                {hidden()}
                <input type="hidden" name="query" value=kept/>
                <Button submit=true>"Keep the list as it is now"</Button>
            </form>
        }
    });
    let is_again = is_again();
    let whose = view.team.as_ref().map(|team| format!("Everyone in {} has it.", team.short()));
    view! {
        {differs}
        <details class=FOLDED open=is_again.then_some("")>
            <summary class="btn btn-ghost h-7"><Icon glyph=Glyph::Pencil/>"Edit view"</summary>
            <div class=INSIDE>
                <form method="post" action=RenameView::url() class="flex flex-wrap items-end gap-2">
                    {hidden()}
                    {name_field(at_first("name", view.name))}
                    <Button submit=true>"Rename"</Button>
                </form>
                <form method="post" action=RemoveView::url()>
                    {hidden()}
                    <Button submit=true kind=ButtonKind::Danger>"Remove view"</Button>
                </form>
                <p class="prose-links w-full text-meta text-muted">
                    {whose}" Its link stays the same, whatever it is called: "
                    <a class="break-all" rel="external" href=link.clone()>{link.clone()}</a>
                </p>
            </div>
        </details>
    }
}

/// Which columns the list has, and the whole list as a table.
#[component]
pub(super) fn ColumnTools(listing: Listing) -> impl IntoView {
    let chosen: Vec<Column> = listing.shown().to_vec();
    let others = Listing { page: 1, columns: None, ..listing.clone() };
    let keep = others.parts().into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let keep = keep.collect_view();
    let boxes = Column::NAMED.iter().map(|column| {
        let checked = chosen.contains(column);
        view! {
            <label class="flex h-7 items-center gap-2 text-table">
                <input type="checkbox" class="checkbox checkbox-sm" name="columns" value=column.key() checked=checked/>
                {column.title()}
            </label>
        }
    });
    let boxes = boxes.collect_view();
    let more: Vec<String> = chosen.iter().filter(|column| !Column::NAMED.contains(column)).map(Column::key).collect();
    let usual = listing
        .columns
        .is_some()
        .then(|| view! { <LinkButton href=others.href() kind=ButtonKind::Quiet>"Usual columns"</LinkButton> });
    let table = Listing { page: 1, view: None, ..listing }.at("/api/v1/catalog/entities.csv");
    view! {
        <details class=FOLDED>
            <summary class="btn"><Icon glyph=Glyph::Layers/>"Columns"</summary>
            <AskForm action="/catalog" attr:class="surface mt-2 grid gap-3 p-4">
                {keep}
                <input type="hidden" name="columns" value="name"/>
                <fieldset class="grid grid-cols-2 gap-x-6 sm:grid-cols-3 lg:grid-cols-5">
                    <legend class="sr-only">"Columns"</legend>
                    {boxes}
                </fieldset>
                <div class="flex flex-wrap items-end gap-3">
                    <label class="grid gap-1 text-table font-medium">
                        "More"
                        <input name="columns" value=more.join(", ") placeholder="label:tier, annotation:example.org/on-call" autocomplete="off"
                            aria-describedby="columns-help" class="input h-8 w-96 max-w-full"/>
                    </label>
                    <Button submit=true>"Show"</Button>
                    {usual}
                </div>
                <p id="columns-help" class="text-meta text-muted">"label:KEY, annotation:KEY, spec:PATH, level:SCORECARD; with commas, 12 columns at most"</p>
            </AskForm>
        </details>
        <LinkButton href=table glyph=Glyph::Download attr:rel="external" attr:download="">"CSV"</LinkButton>
    }
}
