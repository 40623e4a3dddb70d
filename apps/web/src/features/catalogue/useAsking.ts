import { useState } from 'react'
import { useLocation, useNavigate } from 'react-router'

/**
 * Whether the sheet to ask for a book is open: kept in the address, so that logging in leads back to it and the back
 * button closes it.
 */
export function useAsking(bookId: string) {
  const navigate = useNavigate()
  const { search, state } = useLocation() as { search: string; state: { openedHere?: true } | null }
  const isOpen = new URLSearchParams(search).has('ask')
  const [wanted, setWanted] = useState(isOpen)
  if (isOpen && !wanted) setWanted(true)
  const here = `/books/${bookId}`
  const path = `${here}?ask`
  return {
    path,
    isOpen,
    /** It has been open once: it stays, to close in its own time. */
    wanted,
    open: () => void navigate(path, { state: { ...state, openedHere: true }, preventScrollReset: true }),
    close: () => {
      if (state?.openedHere) void navigate(-1)
      else void navigate(here, { replace: true, state, preventScrollReset: true })
    },
  }
}
