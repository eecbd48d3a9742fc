//! Raw bindings to libchrony.
