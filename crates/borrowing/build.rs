//! Compiles the context anew when it gets another migration, which it carries.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations/borrowing");
}
