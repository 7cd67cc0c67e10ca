//! The machine and the child's processes: described once, sampled while the run lasts.

pub mod gpu;
pub mod host;
pub mod proc;
pub mod python;
pub mod stats;
