import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { api, ask } from '@/api/client'
import { keys } from '@/api/keys'
import { useUserId } from '@/api/useSession'
import type { Loan } from '../loan'
import { firstUnread, type Message } from './talk'

/** Whether somebody looks at an element: it is on the screen, and the window is in front. */
function useInSight(element: RefObject<Element | null>): boolean {
  const [onScreen, setOnScreen] = useState(typeof IntersectionObserver === 'undefined')
  const [inFront, setInFront] = useState(() => document.visibilityState === 'visible')
  useEffect(() => {
    const look = () => setInFront(document.visibilityState === 'visible')
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  useEffect(() => {
    if (!element.current || typeof IntersectionObserver === 'undefined') return
    const observer = new IntersectionObserver((entries) => setOnScreen(Boolean(entries.at(-1)?.isIntersecting)))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return onScreen && inFront
}

/**
 * Tells the host what was read, once somebody sees the end of the thread. Returns the first message that was new when they
 * came: the mark above it stays as long as they are here.
 */
export function useReading(loan: Loan, messages: readonly Message[] | undefined, end: RefObject<Element | null>) {
  const queries = useQueryClient()
  const userId = useUserId()
  const inSight = useInSight(end)
  const [mark, setMark] = useState<string>()
  const told = useRef<string>(undefined)
  /** Somebody looks on: what comes now is no news. */
  const watched = useRef(false)
  const unread = loan.unreadMessages ?? 0
  const last = messages?.at(-1)?.id
  useEffect(() => {
    if (!messages || !last) return
    if (unread > 0 && !watched.current) setMark((now) => firstUnread(messages, unread, userId) ?? now)
    watched.current = inSight
    if (unread === 0 || !inSight || told.current === last) return
    told.current = last
    const params = { path: { id: loan.id } }
    ask(api.POST('/api/v1/borrows/{id}/messages/read', { params, body: { upTo: last } })).then(
      () => {
        void queries.invalidateQueries({ queryKey: keys.notifications.all })
        void queries.invalidateQueries({ queryKey: keys.borrows.one(loan.id), exact: true })
        void queries.invalidateQueries({ queryKey: keys.borrows.list({ open: true }) })
      },
      () => {
        // They stay unread, and are told of when somebody looks again.
        told.current = undefined
      },
    )
  }, [messages, unread, last, inSight, userId, loan.id, queries])
  return mark
}
