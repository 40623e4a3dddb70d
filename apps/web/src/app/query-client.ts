import { QueryClient } from '@tanstack/react-query'
import { isWorthRetrying, retryDelay } from '@/api/problem'

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
