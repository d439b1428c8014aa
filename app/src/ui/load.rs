//! Waiting for data, and failing, the same way on every page.

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{
    Fetched, Problem, SkeletonRows, composing,
    fetched::{Parcel, Parcels},
    worded,
};
use crate::AppError;

/// After how long a server is asked again that could not be.
pub(super) const AGAIN: Duration = Duration::from_secs(5);

/// Draws what was fetched: a skeleton before it is there, what it was while the next is on its way, a problem if it fails. Where the
/// server cannot be asked, it is asked again after a while; what it said last stays, for somebody may be typing in it.
///
/// ```text
/// let page = fetch(move || name.get(), get_component);
/// <Load of=page let:page> <ComponentCard page/> </Load>
/// ```
///
/// - `of`: what was asked for; `skeleton`: what stands there before, in the size of what comes (rows by default);
///   `children`: draws the value.
#[component]
pub fn Load<T, V, F>(of: Fetched<T>, #[prop(optional, into)] skeleton: Option<ViewFn>, children: F) -> impl IntoView
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
    F: Fn(T) -> V + Send + Sync + 'static,
{
    let draw = move |parcel: Parcel| parcel.open::<T>().map(|value| children(value).into_any());
    wait(of.parcels(), skeleton, Arc::new(draw))
}

type Draw = dyn Fn(Parcel) -> Result<AnyView, AppError> + Send + Sync;

/// The part that knows no type.
fn wait(parcels: Parcels, skeleton: Option<ViewFn>, draw: Arc<Draw>) -> AnyView {
    let last = StoredValue::new(None::<Parcel>);
    let waiting = move || match &skeleton {
        Some(skeleton) => skeleton.run(),
        None => view! { <SkeletonRows/> }.into_any(),
    };
    view! {
        <Transition fallback=waiting>
            {move || {
                let draw = Arc::clone(&draw);
                Suspend::new(async move {
                    let parcel = parcels.await;
                    composing::done().await;
                    drawn(parcel, (parcels, last), &*draw)
                })
            }}
        </Transition>
    }
    .into_any()
}

/// The answer, or the one before it below what is wrong; in one shape, so that fields stay the same ones.
fn drawn(
    parcel: Parcel,
    (parcels, last): (Parcels, StoredValue<Option<Parcel>>),
    draw: &Draw,
) -> (Option<AnyView>, AnyView) {
    let error = match draw(parcel.clone()) {
        Ok(view) => {
            last.set_value(Some(parcel));
            return (None, view);
        }
        Err(error) => error,
    };
    let before = match error {
        AppError::Unreachable | AppError::Away | AppError::Outdated => {
            last.get_value().and_then(|before| draw(before).ok())
        }
        _ => None,
    };
    let again = move || parcels.refetch();
    let Some(before) = before else {
        let problem = match error {
            AppError::Unreachable | AppError::Away => view! { <Problem error again=move |()| again()/> }.into_any(),
            _ => view! { <Problem error/> }.into_any(),
        };
        return (None, problem);
    };
    set_timeout(again, AGAIN);
    let note = view! {
        <p role="alert" class="no-print border-b border-error/60 bg-base-100 px-4 py-2 text-table text-error sm:px-6">
            {worded(&error.to_string())}". Below stands what it said last. "
            <button type="button" class="text-link underline" on:click=move |_| again()>"Try again"</button>
        </p>
    };
    (Some(note.into_any()), before)
}
