//! Which people and teams of a source count.

use domain::catalog::{SourceKind, Trust};
use leptos::prelude::*;

use super::inbox_functions::TrustSource;
use crate::ui::{Button, Choice, Panel, SelectField};

/// What a source is trusted with, and a form for those who decide that.
#[component]
pub(super) fn Trusted(id: String, kind: SourceKind, trust: Trust, may: bool) -> impl IntoView {
    let action = ServerAction::<TrustSource>::new();
    let problem = move || action.value().get().and_then(Result::err).map(|error| error.to_string());
    let words = |trust: Trust| match trust {
        Trust::None => "None: they are in the catalog, and that is all",
        Trust::Own => "Those that the organisation itself tells of, and none that a file declares",
        Trust::All => "All that it declares",
    };
    let known = [Trust::None, Trust::Own, Trust::All].into_iter();
    let choices: Vec<Choice> =
        known.filter(|choice| choice.fits(kind)).map(|choice| Choice::new(choice.as_str(), words(choice))).collect();
    let body = if may {
        view! {
            <ActionForm action attr:class="no-print flex max-w-2xl flex-wrap items-end gap-3">
                <input type="hidden" name="id" value=id/>
                <div class="min-w-56 flex-1">
                    <SelectField name="trust" label="Which count" choices value=trust.as_str().to_owned() required=true
                        problem=Signal::derive(problem)/>
                </div>
                <Button submit=true pending=action.pending()>"Change"</Button>
            </ActionForm>
        }
        .into_any()
    } else {
        view! { <p class="text-table">{words(trust)}</p> }.into_any()
    };
    view! {
        <Panel title="People and teams">
            {body}
            <p class="mt-2 max-w-2xl text-meta text-muted">
                "Who is taken for whom at sign-in, and who is in which team, decides what they may do. Whoever writes to a source of which all \
                count can make themselves anybody."
            </p>
        </Panel>
    }
}
