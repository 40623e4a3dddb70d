//! books, as the host sees it.

use std::sync::Arc;

use books::{BookView, Books, CountBooks, CountShownBooks, GetBook, ImportSettings, KnownMembers, Pace, ShownTitles};
use cqrs::{CommandBusBuilder, Crossing, MissingHandler, QueryBusBuilder};
use event_bus::{Audited, Family, Subscription};
use jobs::Job;
use kernel::UserId;
use read_store::Rebuild;
use sqlx::migrate::Migrator;
use uuid::Uuid;

use crate::background::Background;
use crate::contexts::Context;
use crate::http::books::{self as routes, api::BooksApi};
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::hot::{Hot, SeesLess};
use crate::http::edge::overload::Places;
use crate::http::edge::routes::Configure;
use crate::module::{Module, Wired, Wiring};
use crate::ports::FileKeeper;

pub struct BooksModule;

impl Module for BooksModule {
    fn migrations(&self) -> &'static Migrator {
        &books::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        books::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    /// The catalogue and a book, the same for everybody but those who see more.
    fn hot(&self) -> Option<Hot> {
        Some(Hot {
            paths: &["/books", "/books/{id}"],
            personal: false,
            sees_more: BookView::shows_all_notes_to,
            weight: 2,
        })
    }

    fn crossings(&self) -> Vec<Crossing> {
        vec![
            Crossing::query::<CountBooks>(),
            Crossing::query::<CountShownBooks>(),
            Crossing::query::<GetBook>(),
            Crossing::query::<KnownMembers>(),
            Crossing::query::<ShownTitles>(),
        ]
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let imports = &wiring.settings.imports;
        let books = Books::new(
            wiring.pool(Context::Books),
            wiring.projection(Context::Books),
            wiring.events.own(),
            Arc::new(wiring.ports.clone()),
            Arc::clone(wiring.clock),
            Arc::clone(wiring.places) as _,
            ImportSettings {
                max_bytes: imports.max_bytes as u64,
                max_rows: u32::try_from(imports.max_rows).unwrap_or(u32::MAX),
                max_cells: imports.max_cells,
                unfinished: imports.per_member,
                max_books: wiring.settings.community.max_books,
                ..ImportSettings::default()
            },
        );
        let files = FileKeeper::open(&wiring.settings.files)?.map(|files| Arc::new(files) as _);
        let books = books.with_closed_catalogue(wiring.settings.community.closed_catalogue).with_files(files);
        Ok(Box::new(books))
    }
}

impl Pace for Places {
    fn requests_are_slow(&self) -> bool {
        Places::requests_are_slow(self)
    }
}

/// Members who block somebody, or whom somebody blocks.
impl SeesLess for Books {
    fn sees_all_but(&self, member: UserId) -> Option<Arc<[Uuid]>> {
        Books::sees_all_but(self, member)
    }
}

impl Wired for Books {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        Books::register(self, commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Books::subscriptions(self)
    }

    fn audited(&self) -> Vec<Arc<dyn Audited>> {
        Books::audited(self)
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        Books::rebuild(self)
    }

    fn start(&self, background: &Background) {
        let (imports, sweeper) = (self.clone(), self.clone());
        background.run(|until| async move { imports.run_imports(until).await });
        background.run(|until| async move { sweeper.run_sweeper(until).await });
    }

    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        Books::jobs(self)
    }

    fn sees_less(&self) -> Option<Arc<dyn SeesLess>> {
        Some(Arc::new(self.clone()))
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(BooksApi::new(host)?))
    }
}
