import type { Loan } from '../loan'

export interface ActionDialogProps {
  dialog: {
    open: boolean
    close: () => void
    /** Where the focus goes when it closes. */
    finalFocus: () => HTMLElement | null
  }
  loan: Loan
  /** The book is given away, not lent. */
  gives: boolean
  /** Closes the dialog because the loan has moved on. */
  moved: () => void
}
