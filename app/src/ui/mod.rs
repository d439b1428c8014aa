//! The pieces that pages are made of: each takes plain data and draws it, and knows no use case.
//!
//! Server and browser draw the same: nothing here asks for the time or the place, [`Clock`] is handed from one to the other.

mod button;
mod charts;
mod clock;
mod code_block;
mod data_table;
mod empty;
mod entity_link;
mod facets;
mod fields;
mod filter_bar;
mod graph;
mod heat_map;
mod icon;
mod ladder;
mod level;
mod live;
mod load;
mod log_view;
mod page;
mod panel;
mod problem;
mod status;
mod steps;
mod tabs;
mod timeline;
mod toast;

pub use button::{Button, ButtonKind, LinkButton};
pub use charts::{DistributionBar, Series, Share, Sparkline, StackedArea};
pub use clock::{Clock, Moment, When};
pub use code_block::CodeBlock;
pub use data_table::{Column, DataTable, Sorted};
pub use empty::Empty;
pub use entity_link::{EntityLink, OwnerLink};
pub use facets::{FacetChoice, FacetGroup, Facets};
pub use fields::{CheckField, Choice, SelectField, TextField};
pub use filter_bar::{Chip, FilterBar};
pub use graph::{Graph, GraphEdge, GraphNode, GraphView};
pub use heat_map::{HeatMap, HeatMapRow};
pub use icon::{Glyph, Icon};
pub use ladder::{Evidence, Ladder, LadderLevel, LadderRule, Remedy};
pub use level::{Level, Tone};
pub use live::{LiveStream, live};
pub use load::Load;
pub use log_view::{LogRow, LogTone, LogView};
pub use page::{Page, PageHead};
pub use panel::{Fact, Facts, Panel};
pub use problem::{Problem, ProblemNote};
pub use status::{Mark, Status};
pub use steps::{StepMark, StepRow, StepState, Steps, StepsDown};
pub use tabs::{Tab, Tabs};
pub use timeline::{Moved, Timeline};
pub use toast::{ToastKind, Toasts, ToastsView};
mod skeleton;
pub use skeleton::{Skeleton, SkeletonRows};
