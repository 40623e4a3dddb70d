export { BrowsePage } from './BrowsePage'
export { fetchFirstBooks } from './queries'
export { SearchBox } from './SearchBox'
