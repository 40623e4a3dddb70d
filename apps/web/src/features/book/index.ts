// Each is fetched when somebody goes there.
export const loadBookPage = () => import('./BookPage')
