//! Safe access to chronyd.
