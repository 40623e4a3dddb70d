import type { Loan } from '../loan'

/** When a loan is due after so many more days. They count from today where it is late already. */
export function dueAfter({ dueAt }: Loan, days: number, now = new Date()): Date {
  const due = dueAt ? new Date(dueAt) : now
  const moment = new Date(Math.max(due.getTime(), now.getTime()))
  moment.setDate(moment.getDate() + days)
  return moment
}
