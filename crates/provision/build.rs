//! Compiles this anew when the event log gets another migration, which it carries.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/event_bus");
}
