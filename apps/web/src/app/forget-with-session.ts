import type { QueryClient } from '@tanstack/react-query'
import { session } from '@/api/session'

/** What was fetched for one person is shown to nobody else. */
export function forgetWithSession(queries: QueryClient): void {
  let before = session.state()
  session.subscribe(() => {
    const now = session.state()
    const [old, next] = [idOf(before), idOf(now)]
    before = now
    if (old && old !== next) queries.clear()
    // What a visitor saw stays until the member's own view of it has come.
    else if (next && !old) void queries.invalidateQueries()
  })
}

function idOf(state: ReturnType<typeof session.state>): string | undefined {
  return 'user' in state ? state.user.id : undefined
}
