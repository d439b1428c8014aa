//! Data from the server, on its way to a page.

use std::{
    any::Any,
    convert::Infallible,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use leptos::{prelude::*, server::codee::string::FromToStringCodec};
use serde::{Serialize, de::DeserializeOwned};

use crate::AppError;

/// An answer of the server without its type: as text where it came with the page, as a value where it was fetched later.
#[derive(Clone)]
pub(crate) struct Parcel {
    text: Option<Arc<str>>,
    value: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Display for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.as_deref().unwrap_or_default())
    }
}

impl FromStr for Parcel {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self { text: Some(text.into()), value: None })
    }
}

impl Parcel {
    fn pack<T: Serialize + Send + Sync + 'static>(answer: Result<T, AppError>) -> Self {
        // The browser never sends it on, so it needs no code that writes it.
        let text = if cfg!(target_arch = "wasm32") { None } else { serde_json::to_string(&answer).ok().map(Arc::from) };
        Self { text, value: Some(Arc::new(answer)) }
    }

    pub(crate) fn open<T: DeserializeOwned + Clone + 'static>(&self) -> Result<T, AppError> {
        if let Some(answer) = self.value.as_ref().and_then(|value| value.downcast_ref::<Result<T, AppError>>()) {
            return answer.clone();
        }
        serde_json::from_str(self.text.as_deref().unwrap_or_default()).unwrap_or(Err(AppError::Unreachable))
    }
}

pub(crate) type Parcels = Resource<Parcel, FromToStringCodec>;
type Courier = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Parcel> + Send>> + Send + Sync>;

/// What a page asked the server for. Draw it with [`super::Load`].
pub struct Fetched<T> {
    parcels: Parcels,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T: DeserializeOwned + Clone + 'static> Fetched<T> {
    /// The answer, followed; `None` before it is there.
    pub fn get(self) -> Option<Result<T, AppError>> {
        self.parcels.get().map(|parcel| parcel.open())
    }

    /// Waits for the answer.
    pub async fn ready(self) -> Result<T, AppError> {
        self.parcels.await.open()
    }

    pub(crate) fn parcels(self) -> Parcels {
        self.parcels
    }
}

/// Asks the server, again whenever `source` has another value. The answer comes with the page where the server draws it.
///
/// It is a `Resource` that knows nothing of the answer's type: the machinery of one weighs tens of kilobytes for each type.
pub fn fetch<S, T, Fut>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> Fut + Send + Sync + 'static,
) -> Fetched<T>
where
    S: PartialEq + Clone + Send + 'static,
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let asked = Arc::new(Mutex::new((0_u32, None::<S>)));
    let latest = Arc::clone(&asked);
    let turn = move || {
        let now = source();
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.1.as_ref() != Some(&now) {
            *asked = (asked.0 + 1, Some(now));
        }
        asked.0
    };
    let courier = move || {
        let source = latest.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        let answer = source.map(&fetcher);
        let parcel: Pin<Box<dyn Future<Output = Parcel> + Send>> = Box::pin(async move {
            match answer {
                Some(answer) => Parcel::pack(answer.await),
                None => Parcel::pack::<T>(Err(AppError::Unreachable)),
            }
        });
        parcel
    };
    Fetched { parcels: parcels(Box::new(turn), Box::new(courier)), kind: PhantomData }
}

fn parcels(turn: Box<dyn Fn() -> u32 + Send + Sync>, courier: Courier) -> Parcels {
    Resource::new_str(turn, move |_| courier())
}
