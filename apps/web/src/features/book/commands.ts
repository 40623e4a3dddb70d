import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import type { components } from '@/api/schema'
import { useCommand } from '@/api/useCommand'
import type { BookCard } from '@/features/catalogue'
import type { Availability } from './queries'

type Schemas = components['schemas']

/** Asks the owner of a book for it. */
export function useAskFor(book: BookCard, onProblem: (problem: unknown) => boolean) {
  const { t } = useTranslation('book')
  const queries = useQueryClient()
  return useCommand({
    send: async (wish: Pick<Schemas['RequestBody'], 'days' | 'message'>, headers) => {
      const borrow = await ask(api.POST('/api/v1/borrows', { body: { bookId: book.id, ...wish }, headers }))
      // Shown before the host is asked again: the page behind the sheet has changed already.
      const { id: borrowId, status, queuePosition } = borrow
      queries.setQueryData<Availability>(
        keys.books.availability(book.id),
        (known) => known && { ...known, mine: { borrowId, status, queuePosition } },
      )
      return borrow
    },
    refreshes: [keys.books.one(book.id), keys.books.lists, keys.borrows.all],
    said: ({ queuePosition }) =>
      queuePosition ? t('ask.queued', { position: queuePosition }) : t('ask.sent', { owner: book.owner.name }),
    onProblem,
  })
}
