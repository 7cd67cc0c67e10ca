pub mod run;
pub mod wire;
