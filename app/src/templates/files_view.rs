//! The files that a run would write: their names at the left, one of them at the right.

use domain::templates::PlannedFile;
use leptos::prelude::*;

use crate::ui::{Glyph, Icon};

/// Files, and the content of the one that is chosen. Without a script a name leads to the same page with that file shown.
#[component]
pub(super) fn FilesView(files: Vec<PlannedFile>, shown_file: Option<u32>, here: String) -> impl IntoView {
    let asked = shown_file.and_then(|file| usize::try_from(file).ok()).filter(|file| *file < files.len());
    let first = asked.unwrap_or_else(|| telling(&files));
    let chosen = RwSignal::new(first);
    let names = files.iter().enumerate().map(|(at, file)| {
        let is_chosen = move || chosen.get() == at;
        let size = file.lines.map_or_else(|| size(file.bytes), |lines| lines.to_string());
        let unit = if file.lines.is_some() { " lines" } else { "" };
        let path = file.path.clone();
        let program = file.executable;
        view! {
            <li>
                <a href=format!("{here}&file={at}") data-noscroll="true" rel="external"
                    aria-current=move || is_chosen().then_some("true")
                    class="flex items-center gap-2 px-2.5 py-1 hover:bg-base-200 aria-[current]:bg-primary/10"
                    on:click=move |event| {
                        event.prevent_default();
                        chosen.set(at);
                    }>
                    <span class="text-success" aria-hidden="true">"+"</span>
                    <span class="min-w-0 flex-1 truncate" title=path.clone()>{path.clone()}</span>
                    {program.then(|| view! { <Icon glyph=Glyph::Terminal class="size-3.5"/><span class="sr-only">"a program"</span> })}
                    <span class="flex-none text-muted">{size}<span class="sr-only">{unit}</span></span>
                </a>
            </li>
        }
    }).collect_view();
    let content = move || files.get(chosen.get()).map(|file| view! { <Content file=file.clone()/> });
    view! {
        <div class="grid overflow-clip rounded-box border border-base-300 font-mono text-meta md:grid-cols-[minmax(9rem,15rem)_minmax(0,1fr)]">
            <ul aria-label="Files" class="max-h-72 overflow-y-auto border-b border-base-300 bg-base-200/60 py-1 md:max-h-96 md:border-r md:border-b-0">{names}</ul>
            {content}
        </div>
    }
}

/// The file that says most about what will be: a program before a description before anything else.
fn telling(files: &[PlannedFile]) -> usize {
    let starts = |start: &str| files.iter().position(|file| file.path.starts_with(start) && file.preview.is_some());
    starts("src/main")
        .or_else(|| starts("src/"))
        .or_else(|| starts("README"))
        .or_else(|| starts("catalog-info"))
        .unwrap_or(0)
}

/// The beginning of a file.
#[component]
fn Content(file: PlannedFile) -> impl IntoView {
    let label = format!("Content of {}", file.path);
    match file.preview {
        None => {
            let why = if file.lines.is_none() {
                "A binary file, copied as it is."
            } else {
                "Not shown here: the plan shows the first files only."
            };
            view! { <p class="p-3 font-sans text-muted">{why}</p> }.into_any()
        }
        Some(text) => {
            let lines = text.lines().map(|line| view! { <span class="block min-w-max"><span class="text-success select-none" aria-hidden="true">"+ "</span>{line.to_owned()}"\n"</span> });
            let cut = !file.complete;
            view! {
                <pre tabindex="0" role="region" aria-label=label class="max-h-96 overflow-auto px-3 py-2 leading-5"><code>{lines.collect_view()}{cut.then(|| view! { <span class="block text-muted">"… the rest is not shown"</span> })}</code></pre>
            }
            .into_any()
        }
    }
}

fn size(bytes: u64) -> String {
    if bytes < 1024 { format!("{bytes} B") } else { format!("{} KiB", bytes / 1024) }
}
