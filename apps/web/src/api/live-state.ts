import { createStore } from '@/store'

/** `polling`: the host streams to newer windows instead, or has no room; what is shown is asked for every minute. */
export type LiveState = 'connecting' | 'connected' | 'polling' | 'offline'

/** How the line for live updates stands; apart from `live.ts`, which is fetched once a member is there. */
export const liveState = createStore<LiveState>('connecting')
