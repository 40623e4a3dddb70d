//! Fills a database with books and measures searches over them. DATABASE_URL names the database, as its owner.
//!
//! `cargo run --release -p loadtest -- generate-books --count 1000000`, then `… -- search`.

mod generate;
mod language;
mod measure;

use std::str::FromStr;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Migrates the database and fills its books; the same arguments give the same books.
    GenerateBooks {
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        #[arg(long, default_value_t = 20_000)]
        members: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Searches, suggestions and lists by several clients at once: p50, p99 and the slowest of each class.
    Search {
        #[arg(long, default_value_t = 8)]
        clients: usize,
        /// How many queries each class gets.
        #[arg(long, default_value_t = 2_000)]
        queries: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let owner = PgConnectOptions::from_str(&arguments.database_url).context("DATABASE_URL")?;
    match arguments.command {
        Command::GenerateBooks { count, members, seed } => {
            provision::provision(&owner, None, &[("books", &books::MIGRATIONS)]).await?;
            // The tables' owner, who may drop indexes and build them again.
            let owner = provision::migration_options(&owner, "books");
            generate::books(&PgPoolOptions::new().max_connections(2).connect_lazy_with(owner), count, members, seed)
                .await
        }
        Command::Search { clients, queries, seed } => {
            measure::search(books_pool(&owner, u32::try_from(clients)?), clients, queries, seed).await
        }
    }
}

/// Of the role that the host's own queries have.
fn books_pool(owner: &PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .connect_lazy_with(provision::context_options(owner, "books", None))
}
