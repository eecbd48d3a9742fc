//! Readings for tests, made by the simulated chronyd.
