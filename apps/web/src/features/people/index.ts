export { BlockDialog } from './BlockDialog'
export { useBlocks, useUnblock, type Block } from './blocks'
export { PersonLink } from './PersonLink'

// Each is fetched when somebody goes there.
export const loadPersonPage = () => import('./PersonPage')
