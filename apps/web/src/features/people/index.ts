export { PersonLink } from './PersonLink'
