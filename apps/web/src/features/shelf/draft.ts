import { useEffect, useMemo } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { useUserId } from '@/api/useSession'
import { emptyBook, type BookValues } from './book-form'

/** Where a member's unsent description of a book waits in this tab: through reloads and log-ins, for nobody else. */
export interface DraftPlace {
  read: () => Draft | undefined
  write: (draft: Draft) => void
  forget: () => void
}

export interface Draft {
  values: BookValues
  /** Of a book that exists: how it was when it was opened. */
  before?: { values: BookValues; version: number }
}

export function draftPlace(userId: string, bookId = 'new'): DraftPlace {
  const key = `folkshelf.draft.${userId}.${bookId}`
  return {
    read() {
      const stored = sessionStorage.getItem(key)
      if (stored === null) return undefined
      const draft = JSON.parse(stored) as Draft
      return { ...draft, values: { ...emptyBook, ...draft.values } }
    },
    write: (draft) => sessionStorage.setItem(key, JSON.stringify(draft)),
    forget: () => sessionStorage.removeItem(key),
  }
}

export function useDraftPlace(bookId?: string): DraftPlace {
  const userId = useUserId()
  return useMemo(() => draftPlace(userId, bookId), [userId, bookId])
}

/** Keeps what is typed. */
export function useKeepDraft(
  form: UseFormReturn<BookValues>,
  { write }: Pick<DraftPlace, 'write'>,
  before?: Draft['before'],
): void {
  const { subscribe } = form
  useEffect(
    () =>
      subscribe({
        formState: { values: true },
        callback: ({ values }) => write({ values, ...(before && { before }) }),
      }),
    [subscribe, write, before],
  )
}
