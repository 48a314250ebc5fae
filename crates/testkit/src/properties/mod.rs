//! Properties of any input. Property tests and fuzz targets share them.

#[cfg(feature = "check")]
pub mod era;
#[cfg(feature = "explore")]
pub mod replay;
#[cfg(feature = "check")]
pub mod run;
#[cfg(feature = "scenario")]
pub mod scenario;
#[cfg(feature = "report")]
pub mod schedule;
