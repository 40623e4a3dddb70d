import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'
import type { Availability, BookCard } from './queries'

type Schemas = components['schemas']

/** Asks the owner of a book for it. */
export function useAskFor(
  book: BookCard,
  { onDone, onProblem }: { onDone: () => void; onProblem: (problem: unknown) => boolean },
) {
  const { t } = useTranslation('catalogue')
  const queries = useQueryClient()
  return useCommand({
    send: (wish: Pick<Schemas['RequestBody'], 'days' | 'message'>, headers) =>
      ask(api.POST('/api/v1/borrows', { body: { bookId: book.id, ...wish }, headers })),
    refreshes: [keys.books.one(book.id), keys.books.lists, keys.borrows.all],
    said: ({ queuePosition }) =>
      queuePosition ? t('ask.queued', { position: queuePosition }) : t('ask.sent', { owner: book.owner.name }),
    onDone: ({ id, status, queuePosition }) => {
      queries.setQueryData<Availability>(
        keys.books.availability(book.id),
        (known) => known && { ...known, mine: { borrowId: id, status, queuePosition } },
      )
      onDone()
    },
    onProblem,
  })
}
