import { useCallback, useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'

/**
 * Whether the sheet to ask for a book is open: kept in the address, so that logging in leads back to it and the back
 * button closes it. `settled`: there is nothing left to ask for.
 */
export function useAsking(bookId: string, settled: boolean) {
  const navigate = useNavigate()
  const { search, key, state: given } = useLocation()
  const state = given as { openedHere?: true } | null
  const asked = new URLSearchParams(search).has('ask')
  const [wanted, setWanted] = useState(asked)
  if (asked && !wanted) setWanted(true)
  const closed = useRef<string>(undefined)
  const here = `/books/${bookId}`
  const path = `${here}?ask`

  const close = useCallback(() => {
    if (closed.current === key) return
    closed.current = key
    if (state?.openedHere) void navigate(-1)
    else void navigate(here, { replace: true, state, preventScrollReset: true })
  }, [navigate, here, key, state])
  useEffect(() => {
    if (asked && settled) close()
  }, [asked, settled, close])

  return {
    path,
    isOpen: asked && !settled,
    /** It has been open once: it stays, to close in its own time. */
    wanted,
    open: () => void navigate(path, { state: { ...state, openedHere: true }, preventScrollReset: true }),
    close,
  }
}
