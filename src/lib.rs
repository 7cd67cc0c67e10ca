pub mod console;
pub mod run;
pub mod term;
pub mod wire;
