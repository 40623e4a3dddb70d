import { createStore } from '@/store'

/** How much waits to be looked at: the browser's tab tells it before the name of the page. */
export const titleCount = createStore(0)
