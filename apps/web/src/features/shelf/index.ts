// Each is fetched when somebody goes there.
export const loadAddBookPage = () => import('./AddBookPage')
export const loadEditBookPage = () => import('./EditBookPage')
export const loadImportPage = () => import('./ImportPage')
export const loadShelfPage = () => import('./ShelfPage')
export const loadStartImportPage = () => import('./StartImportPage')
