export { BlockDialog } from './BlockDialog'
export { useBlocks, useUnblock, type Block } from './blocks'
export { PersonLink } from './PersonLink'
export { Reporting } from './Reporting'
export { reportKeys, useOwnReports, type Report } from './reports'

// Each is fetched when somebody goes there.
export const loadPersonPage = () => import('./PersonPage')
