import { createStore } from '@/store'

export type LiveState = 'connecting' | 'connected' | 'offline'

/** How the line for live updates stands; apart from `live.ts`, which is fetched once a member is there. */
export const liveState = createStore<LiveState>('connecting')
