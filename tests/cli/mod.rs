//! What a user sees and gets.

mod status;
