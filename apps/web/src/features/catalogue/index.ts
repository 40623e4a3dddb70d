export { fetchFirstBooks } from './queries'
export { SearchBox } from './SearchBox'
