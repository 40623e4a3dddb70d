// Each is fetched when somebody goes there.
export const loadDisputesPage = () => import('./DisputesPage')
