//! Compiles the host anew when the web app that it embeds has been built anew.

use std::path::Path;

fn main() {
    // A folder that does not exist would count as changed at every build; its parent tells when it appears.
    let built = ["../web/dist", "../web"].into_iter().find(|folder| Path::new(folder).exists());
    println!("cargo::rerun-if-changed={}", built.unwrap_or("build.rs"));
}
