// Loaded before the first paint, so that a chosen theme never flashes. A file of its own: the Content-Security-Policy
// forbids inline scripts.
try {
  const theme = localStorage.getItem('folkshelf.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is forbidden: the system's theme holds.
}
