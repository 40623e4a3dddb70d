import { useMemo } from 'react'
import { useUserId } from '@/api/useSession'
import { useOpenLoans, type Loan } from '@/features/loans'

export interface LoansOfBook {
  /** Who has it, or is about to. */
  holding?: Loan
  /** Asked for and not answered. */
  asked: Loan[]
}

/** What is open on one's own books, by book. */
export function useLoansOfBooks(): ReadonlyMap<string, LoansOfBook> {
  const me = useUserId()
  const { data } = useOpenLoans()
  return useMemo(() => {
    const byBook = new Map<string, LoansOfBook>()
    for (const loan of data ?? []) {
      if (loan.owner.id !== me || loan.status === 'queued') continue
      const loans = byBook.get(loan.book.id) ?? { asked: [] }
      if (loan.status === 'pending') loans.asked.push(loan)
      else loans.holding = loan
      byBook.set(loan.book.id, loans)
    }
    return byBook
  }, [data, me])
}
