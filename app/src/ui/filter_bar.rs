//! The line above a list: a text to look for, what was picked, and the way back.

use leptos::{html, prelude::*};

use super::{AskForm, Glyph, Icon};

/// Something that narrows the list now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// The property.
    pub name: String,
    /// The value.
    pub value: String,
    /// The list without it.
    pub remove: String,
}

/// Where a field keeps what its address last asked for.
const ASKED: &str = "data-asked";

/// A text field that filters a list through its address, as one types, and chips of what was picked. `/` puts the cursor into the field.
///
/// - `action`: the list's path; `text`: what is looked for now; `keep`: the address' other parts, as names and values; `chips`: what
///   was picked; `clear`: the list without any of it; `name`: the part of the address that holds the text; `placeholder`: what can be
///   looked for; `children`: more, at the right.
#[component]
pub fn FilterBar(
    #[prop(into)] action: String,
    #[prop(into)] text: String,
    #[prop(into)] placeholder: String,
    #[prop(optional)] keep: Vec<(String, String)>,
    #[prop(optional)] chips: Vec<Chip>,
    #[prop(default = None)] clear: Option<String>,
    #[prop(default = "q")] name: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let label = placeholder.clone();
    let field = NodeRef::<html::Input>::new();
    let asked = text.clone();
    Effect::new(move |_| {
        // A field that was typed in goes its own way: it is led back to the address, but not away from one who types ahead of it.
        let Some(field) = field.get() else { return };
        let is_typed_in = document().active_element().is_some_and(|active| active.is_same_node(Some(&field)));
        let is_as_asked = field.get_attribute(ASKED).is_some_and(|before| before == field.value());
        if (!is_typed_in || is_as_asked) && field.value() != asked {
            field.set_value(&asked);
        }
        let _ = field.set_attribute(ASKED, &asked);
    });
    let keep = keep.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let chips = chips.into_iter().map(|Chip { name, value, remove }| {
        let label = format!("Remove {name} {value}");
        view! {
            <span class="tag h-7 pr-1">
                <span class="text-muted">{name}</span>
                <span class="max-w-40 truncate font-medium">{value}</span>
                <a class="grid size-5 place-items-center rounded text-muted hover:text-base-content" href=remove aria-label=label data-noscroll="true">
                    <Icon glyph=Glyph::Cross class="size-3.5"/>
                </a>
            </span>
        }
    });
    view! {
        <div class="no-print mb-3 flex flex-wrap items-center gap-2">
            <AskForm action typing=true attr:role="search" attr:class="w-full sm:w-72">
                {keep.collect_view()}
                <label class="input flex h-8 w-full items-center gap-2">
                    <Icon glyph=Glyph::ListFilter class="text-muted"/>
                    <span class="sr-only">{label}</span>
                    <input type="search" name=name node_ref=field value=text placeholder=placeholder autocomplete="off" data-filter="" class="min-w-0 grow"/>
                    <kbd class="kbd" aria-hidden="true">"/"</kbd>
                </label>
            </AskForm>
            {chips.collect_view()}
            {clear.map(|href| view! { <a class="text-link text-table" href=href data-noscroll="true">"Clear"</a> })}
            {children.map(|children| view! { <div class="ml-auto flex items-center gap-2">{children()}</div> })}
        </div>
    }
}
