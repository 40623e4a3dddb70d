//! The rules that hold the workspace together, as tests, each with a canary that must fail.
