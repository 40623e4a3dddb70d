//! Folkshelf: one binary. `folkshelf help` lists what it can do.

mod app;
mod audit;
mod background;
mod cli;
mod connections;
mod contexts;
mod databases;
mod dead_letters;
mod doctor;
mod health;
mod http;
mod letters;
mod module;
mod modules;
mod nginx;
mod peers;
mod ports;
mod promotion;
mod recurring;
mod road;
mod seed;
mod settings;
mod sources;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    // HTTP workers have runtimes of their own; this one carries the bus, schedulers and connections.
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("folkshelf: no runtime: {error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("folkshelf: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
