import { onlineManager, QueryClient } from '@tanstack/react-query'
import { isWorthRetrying, retryDelay } from '@/api/problem'

// By itself it takes every page to be online until it hears otherwise; one may be opened without a line.
onlineManager.setEventListener((setOnline) => {
  const tell = () => setOnline(navigator.onLine)
  const events = ['online', 'offline']
  for (const event of events) addEventListener(event, tell)
  tell()
  return () => {
    for (const event of events) removeEventListener(event, tell)
  }
})

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // Long enough for the back button to find a list as it was left.
      gcTime: 15 * 60_000,
      retry: (failures, error) => failures < 3 && isWorthRetrying(error),
      retryDelay,
    },
  },
})

// Books are asked for before there is a component: what waits for the line goes on when it comes back.
queryClient.mount()
