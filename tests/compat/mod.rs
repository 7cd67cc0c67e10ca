//! Compatibility promises, held against the official tools and what they wrote.
