pub mod child;
pub mod console;
pub mod parse;
pub mod run;
pub mod settings;
pub mod store;
pub mod term;
pub mod wire;
