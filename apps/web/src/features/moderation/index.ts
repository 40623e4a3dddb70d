// Fetched when somebody goes there.
export const loadModeration = () => import('./Moderation')
