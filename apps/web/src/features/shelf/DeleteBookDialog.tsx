import { Hand } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { ApiProblem } from '@/api/problem'
import { ConfirmDialog } from '@/ui/Dialog'
import { Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import type { Book } from './book-form'
import { useDeleteBook } from './commands'

const loanStates = ['approved', 'active', 'return_pending', 'disputed'] as const

/** Asks before a book goes; says why when it may not, and leads to the loan that holds it. */
export function DeleteBookDialog({
  book,
  open,
  onOpenChange,
  onDeleted,
  finalFocus,
}: {
  book: Book
  open: boolean
  onOpenChange: (open: boolean) => void
  onDeleted: () => void
  finalFocus?: () => HTMLElement | null
}) {
  const { t } = useTranslation('shelf')
  const navigate = useNavigate()
  const [refused, setRefused] = useState<ApiProblem>()
  const remove = useDeleteBook(book, {
    onDone: onDeleted,
    onProblem(problem) {
      if (!(problem instanceof ApiProblem) || problem.code !== 'BOOK_ON_LOAN') return false
      setRefused(problem)
      return true
    },
  })
  const state = loanStates.find((state) => state === refused?.detail('status'))
  const loan = refused?.detail('borrowId')
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(open) => {
        onOpenChange(open)
        setRefused(undefined)
      }}
      title={t('delete.title', { title: book.title })}
      description={t('delete.text')}
      confirm={t(loan ? 'delete.toLoan' : refused ? 'delete.again' : 'delete.confirm')}
      danger={!loan}
      pending={remove.pending}
      onConfirm={() => (loan ? void navigate(`/loans/${loan}`) : remove.run())}
      {...(finalFocus && { finalFocus })}
    >
      {refused && (
        <div role="alert" className="mt-4">
          <Notice tone="late" icon={<Icon of={Hand} className="size-5" />}>
            {t(state ? `delete.refused.${state}` : 'delete.refused.otherwise')}
          </Notice>
        </div>
      )}
    </ConfirmDialog>
  )
}
