pub mod console;
pub mod parse;
pub mod run;
pub mod term;
pub mod wire;
