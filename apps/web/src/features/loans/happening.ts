import * as z from 'zod/mini'
import type { components } from '@/api/schema'

export type Happening = components['schemas']['Happening']

const text = z.catch(z.nullish(z.string()), undefined)

/** What the events of a loan tell beside who and when. */
const details = z.object({
  days: z.catch(z.optional(z.number()), undefined),
  dueAt: text,
  pickupBy: text,
  place: text,
  reason: text,
  note: text,
  condition: text,
  outcome: text,
  held: z.catch(z.optional(z.boolean()), undefined),
})

export function detailsOf({ data }: Happening) {
  return details.parse(data)
}

/** What somebody wrote with it. Where nobody acted, the words are the host's. */
export function wordsOf(happening: Happening): string | undefined {
  const { reason, note, place } = detailsOf(happening)
  return (happening.actor ? (reason ?? note ?? place) : undefined) ?? undefined
}

/** The name under which the sentence for it is found: some events tell of different things. */
export function variantOf(happening: Happening, borrowerId: string): string {
  const { dueAt, condition, outcome, held } = detailsOf(happening)
  const name = happening.type.replace('borrow.', '')
  const byBorrower = happening.actor?.id === borrowerId
  switch (name) {
    case 'handed_over':
      return byBorrower ? 'picked_up' : dueAt ? name : 'given'
    case 'extended':
      return byBorrower ? 'extended_at_once' : name
    case 'returned':
      return condition === 'damaged' ? 'returned_damaged' : name
    case 'expired':
      return held ? 'not_picked_up' : name
    case 'resolved':
      return `resolved_${outcome}`
    default:
      return name
  }
}

/** A hand-over for good is told as one thing, although the host tells of the end of the loan as well. */
export function worthTelling(happenings: readonly Happening[]): Happening[] {
  const given = happenings.some((one) => one.type === 'borrow.handed_over' && !detailsOf(one).dueAt)
  return happenings.filter(({ type }) => !(given && type === 'borrow.returned'))
}
