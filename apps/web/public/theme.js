// Runs before the first paint, so that a chosen theme never flashes.
try {
  const theme = localStorage.getItem('folkshelf.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  // A visitor's first list comes while the app does, which asks for this very address.
  if (location.pathname === '/' && !location.search && !localStorage.getItem('folkshelf.session')) {
    const list = document.createElement('link')
    list.rel = 'preload'
    list.as = 'fetch'
    list.crossOrigin = 'anonymous'
    list.href = '/api/v1/books?limit=24&fields=id%2Ctitle%2Cauthors%2CcoverUrl%2Clending%2Cstatus%2Cavailable%2Cowner'
    document.head.append(list)
  }
} catch {
  // Storage is forbidden.
}
