//! What the routes of books send and ask.

use std::sync::Arc;

use books::{
    AddLeftOutRow, BookHistory, CancelImport, CountFacets, CreateBook, DeleteBook, ExportShelf, GetBook, GetImport,
    GetImportFile, ListBooks, ListImports, MarkRowRepaired, MyBooks, OpenImportRows, ReviewShelves, SearchBooks,
    StartImport, StartReviewedImport, SuggestBooks, UpdateBook,
};
use borrowing::LendingOutlook;
use cqrs::{Ask, Dispatch, MissingHandler};
use kernel::Clock;
use read_store::Projection;

use crate::http::edge::at_once::AtOnce;
use crate::http::edge::community::CommunityView;
use crate::http::edge::host::Host;
use crate::http::edge::spool::Spools;

pub struct BooksApi {
    pub(super) get: Ask<GetBook>,
    pub(super) list: Ask<ListBooks>,
    pub(super) mine: Ask<MyBooks>,
    pub(super) search: Ask<SearchBooks>,
    pub(super) suggest: Ask<SuggestBooks>,
    pub(super) facets: Ask<CountFacets>,
    pub(super) export: Ask<ExportShelf>,
    pub(super) history: Ask<BookHistory>,
    pub(super) outlook: Ask<LendingOutlook>,
    pub(super) import: Ask<GetImport>,
    pub(super) import_file: Ask<GetImportFile>,
    pub(super) imports: Ask<ListImports>,
    pub(super) review_shelves: Ask<ReviewShelves>,
    pub(super) open_rows: Ask<OpenImportRows>,
    pub(super) create: Dispatch<CreateBook>,
    pub(super) update: Dispatch<UpdateBook>,
    pub(super) delete: Dispatch<DeleteBook>,
    pub(super) start_import: Dispatch<StartImport>,
    pub(super) start_reviewed_import: Dispatch<StartReviewedImport>,
    pub(super) cancel_import: Dispatch<CancelImport>,
    pub(super) mark_row_repaired: Dispatch<MarkRowRepaired>,
    pub(super) add_left_out_row: Dispatch<AddLeftOutRow>,
    pub(super) spools: Arc<Spools>,
    pub(super) max_import_bytes: usize,
    /// Shelves and files of imports that a member reads at once.
    pub(super) exports: Arc<AtOnce>,
    pub(super) projection: Projection,
    pub(super) community: CommunityView,
    pub(super) clock: Arc<dyn Clock>,
}

impl BooksApi {
    pub fn new(host: &Host) -> Result<Self, MissingHandler> {
        let (commands, queries) = (&host.commands, &host.queries);
        Ok(Self {
            get: queries.asking()?,
            list: queries.asking()?,
            mine: queries.asking()?,
            search: queries.asking()?,
            suggest: queries.asking()?,
            facets: queries.asking()?,
            export: queries.asking()?,
            history: queries.asking()?,
            outlook: queries.asking()?,
            import: queries.asking()?,
            import_file: queries.asking()?,
            imports: queries.asking()?,
            review_shelves: queries.asking()?,
            open_rows: queries.asking()?,
            create: commands.dispatch()?,
            update: commands.dispatch()?,
            delete: commands.dispatch()?,
            start_import: commands.dispatch()?,
            start_reviewed_import: commands.dispatch()?,
            cancel_import: commands.dispatch()?,
            mark_row_repaired: commands.dispatch()?,
            add_left_out_row: commands.dispatch()?,
            spools: Spools::new(&host.uploads),
            max_import_bytes: host.max_import_bytes,
            exports: AtOnce::new(2),
            projection: host.read_store.projection("books"),
            community: host.community.clone(),
            clock: Arc::clone(&host.clock),
        })
    }
}
