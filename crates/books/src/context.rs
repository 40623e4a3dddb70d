//! The entry point: what the host wires.

use std::sync::Arc;
use std::time::Duration;

use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Audited, Family, OwnEvents, Subscription};
use jobs::Job;
use kernel::{Clock, UserId};
use read_store::{Projection, Rebuild};
use tokio_util::sync::CancellationToken;
use users_events::UserEvent;
use uuid::Uuid;

use crate::audit::BookRows;
use crate::commands::{
    AddLeftOutRow, AddLeftOutRowHandler, CancelImport, CancelImportHandler, CreateBook, CreateBookHandler, DeleteBook,
    DeleteBookError, DeleteBookHandler, Deletions, MarkRowRepaired, MarkRowRepairedHandler, StartImport,
    StartImportHandler, StartReviewedImport, StartReviewedImportHandler, UpdateBook, UpdateBookHandler,
};
use crate::findable;
use crate::hidden::Hidden;
use crate::imports::{ForgetImports, ImportSettings, Originals, Worker};
use crate::leftovers::ForgetWords;
use crate::ports::{FileStore, LendingGate, Pace};
use crate::queries::{
    BookHistory, BookHistoryHandler, CountBooks, CountBooksHandler, CountFacets, CountFacetsHandler, CountShownBooks,
    CountShownBooksHandler, ExportShelf, ExportShelfHandler, GetBook, GetBookHandler, GetImport, GetImportFile,
    GetImportFileHandler, GetImportHandler, KnownMembers, KnownMembersHandler, ListBooks, ListBooksHandler,
    ListImports, ListImportsHandler, MyBooks, MyBooksHandler, OpenImportRows, OpenImportRowsHandler, ReviewShelves,
    ReviewShelvesHandler, SearchBooks, SearchBooksHandler, Searches, ShownTitles, ShownTitlesHandler, SuggestBooks,
    SuggestBooksHandler,
};
use crate::subscribers::Subscriber;
use crate::view::View;

/// What books tells the others.
pub const PUBLISHES: Family = Family::of::<BookEvent>();

/// The schema `books`, run as the role `folkshelf_books`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/books");

/// How often the sweeper looks for what a crash left behind.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// The books context. Cheap to clone.
#[derive(Clone)]
pub struct Books {
    pool: Database,
    view: View,
    hidden: Hidden,
    events: OwnEvents<BookEvent>,
    deletions: Deletions,
    worker: Worker,
    originals: Originals,
    imports: ImportSettings,
}

impl Books {
    /// `pool` is that of the role `folkshelf_books`, `projection` the one named `books`.
    pub fn new(
        pool: impl Into<Database>,
        projection: Projection,
        events: OwnEvents<BookEvent>,
        gate: Arc<dyn LendingGate>,
        clock: Arc<dyn Clock>,
        pace: Arc<dyn Pace>,
        imports: ImportSettings,
    ) -> Self {
        let pool = pool.into();
        let hidden = Hidden::new(pool.clone(), projection.clone());
        Self {
            view: View::new(pool.clone(), projection, hidden.clone()),
            hidden,
            deletions: Deletions::new(pool.clone(), gate, Arc::clone(&clock)),
            originals: Originals::new(pool.clone(), Arc::clone(&clock)),
            worker: Worker::new(pool.clone(), events.clone(), clock, pace, imports.clone()),
            pool,
            events,
            imports,
        }
    }

    /// Nobody reads the catalogue without an account, so a member is shown nothing while it is not known what is hidden from
    /// them.
    #[must_use]
    pub fn with_closed_catalogue(mut self, closed: bool) -> Self {
        self.hidden.closed_catalogue = closed;
        self
    }

    /// Keeps the files of imports there for a while.
    #[must_use]
    pub fn with_files(mut self, files: Option<Arc<dyn FileStore>>) -> Self {
        self.originals.files = files;
        self
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let (pool, view, hidden) = (&self.pool, &self.view, &self.hidden);
        let worker = &self.worker;
        let import = StartImportHandler::new(
            pool.clone(),
            worker.clock(),
            self.imports.clone(),
            Arc::clone(&worker.wake),
            self.originals.clone(),
        );
        commands
            .register::<CreateBook>(pool, CreateBookHandler::new(pool.clone(), view.clone(), self.imports.max_books));
        commands.register::<UpdateBook>(pool, UpdateBookHandler::new(pool.clone(), view.clone()));
        commands.register::<DeleteBook>(pool, DeleteBookHandler::new(self.deletions.clone()));
        commands.register::<StartImport>(pool, import);
        let start = StartReviewedImportHandler::new(pool.clone(), self.imports.unfinished, Arc::clone(&worker.wake));
        commands.register::<StartReviewedImport>(pool, start);
        commands.register::<CancelImport>(pool, CancelImportHandler::new(pool.clone()));
        commands.register::<MarkRowRepaired>(pool, MarkRowRepairedHandler::new(pool.clone()));
        let add = AddLeftOutRowHandler::new(pool.clone(), self.imports.max_books);
        commands.register::<AddLeftOutRow>(pool, add);

        let searches = Searches::new();
        let list = ListBooksHandler::new(pool.clone(), view.clone(), hidden.clone());
        queries.register::<GetBook>(pool, GetBookHandler::new(pool.clone(), view.clone(), hidden.clone()));
        queries.register::<MyBooks>(pool, MyBooksHandler::new(list.clone()));
        queries.register::<SearchBooks>(pool, SearchBooksHandler::new(list.clone(), searches.clone()));
        queries.register::<ListBooks>(pool, list);
        queries
            .register::<SuggestBooks>(pool, SuggestBooksHandler::new(pool.clone(), hidden.clone(), searches.clone()));
        queries.register::<ExportShelf>(pool, ExportShelfHandler::new(pool.clone()));
        queries.register::<BookHistory>(pool, BookHistoryHandler::new(pool.clone(), self.events.clone()));
        queries.register::<GetImport>(pool, GetImportHandler::new(pool.clone()));
        let file = GetImportFileHandler::new(pool.clone(), self.originals.clone());
        queries.register::<GetImportFile>(pool, file);
        queries.register::<ListImports>(pool, ListImportsHandler::new(pool.clone()));
        queries.register::<OpenImportRows>(pool, OpenImportRowsHandler::new(pool.clone()));
        queries.register::<ReviewShelves>(pool, ReviewShelvesHandler::new(pool.clone()));
        queries.register::<CountBooks>(pool, CountBooksHandler::new(pool.clone(), view.clone(), hidden.clone()));
        queries.register::<KnownMembers>(pool, KnownMembersHandler(pool.clone()));
        queries.register::<CountShownBooks>(pool, CountShownBooksHandler(pool.clone()));
        queries.register::<ShownTitles>(pool, ShownTitlesHandler(pool.clone()));
        queries.register::<CountFacets>(pool, CountFacetsHandler::new(pool.clone(), hidden.clone(), searches));
    }

    /// Owners, by their ids, without whose books the member sees what everybody sees: none of them showed a book a moment ago.
    /// `None`: the member sees less, or this process does not know.
    pub fn sees_all_but(&self, member: UserId) -> Option<Arc<[Uuid]>> {
        self.hidden.sees_all_but(member, self.worker.clock().now())
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        vec![
            Subscription::hear("books", self.pool.pool().clone(), Subscriber)
                .consumes::<BorrowEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .into(),
            Subscription::show("books.view", self.view.clone())
                .consumes::<BookEvent>()
                .consumes::<BorrowEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .after("books"),
        ]
    }

    /// Rows that are held against what the log tells.
    pub fn audited(&self) -> Vec<Arc<dyn Audited>> {
        vec![Arc::new(BookRows(self.pool.clone()))]
    }

    /// All books, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.view.clone())
    }

    /// Puts uploaded books on their shelves. In every process: each takes the imports that no other works on.
    pub async fn run_imports(&self, shutdown: CancellationToken) {
        self.worker.run(shutdown).await;
    }

    /// One batch of one import. `true`: there may be more to do at once.
    pub async fn import_tick(&self) -> Result<bool, sqlx::Error> {
        self.worker.tick().await
    }

    /// What one of the hosts does by the clock.
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(ForgetImports(self.pool.clone())), Arc::new(ForgetWords(self.pool.clone()))]
    }

    /// Every few seconds finishes what a crash left half done, folds books again that an older version wrote, and removes words
    /// that changes of books left behind. In every process: doing it twice does no harm.
    pub async fn run_sweeper(&self, shutdown: CancellationToken) {
        // Side by side: after an upgrade many books are to be folded again, and a file store may be slow. No deletion waits
        // for either.
        let fold = async {
            while is_due(&shutdown).await {
                if let Err(error) = findable::make_findable(&self.pool).await {
                    tracing::warn!(%error, "could not fold books again or forget words; retrying");
                }
            }
        };
        let finish = async {
            while is_due(&shutdown).await {
                if let Err(error) = self.finish().await {
                    tracing::warn!(%error, "could not finish what a crash left half done; retrying");
                }
            }
        };
        let remove = async {
            while is_due(&shutdown).await {
                if let Err(error) = self.remove_old_files().await {
                    tracing::warn!(%error, "could not remove the files of old imports; retrying");
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = async { tokio::join!(fold, finish, remove) } => {}
        }
    }

    /// Deletions that were cut short are finished, uploads whose host died are forgotten, books whose keys an older folding made
    /// are folded again, words and names that books left behind are removed. Returns how many deletions.
    pub async fn sweep(&self) -> Result<u64, DeleteBookError> {
        findable::make_findable(&self.pool).await?;
        self.finish().await
    }

    /// Removes files of imports that are gone or ended a day ago. Returns how many.
    pub async fn remove_old_files(&self) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.originals.remove_old().await?)
    }

    async fn finish(&self) -> Result<u64, DeleteBookError> {
        self.worker.forget_abandoned().await?;
        self.deletions.finish_cut_short().await
    }
}

/// Waits until the next look; `false` when the process shuts down.
async fn is_due(shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => false,
        () = tokio::time::sleep(SWEEP_EVERY) => true,
    }
}
