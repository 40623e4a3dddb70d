import { useEffect, useState } from 'react'
import { useUserId } from '@/api/useSession'
import { fields, unchanged, type Choice, type Field, type Review } from './review'

/**
 * What a member says of a file before its rows come to the shelf, kept in this tab through reloads. One import is reviewed
 * at a time, so only the last is kept.
 */
export function useKeptChoice(importId: string, review: Review) {
  const key = `folkshelf.review.${useUserId()}`
  const [choice, setChoice] = useState(() => read(key, importId, review) ?? unchanged)
  useEffect(() => write(key, importId, choice), [key, importId, choice])
  return [choice, setChoice] as const
}

interface Kept {
  importId: string
  fields: [number, Field | null][]
  owned: [string, boolean][]
}

function write(key: string, importId: string, choice: Choice): void {
  const kept: Kept = { importId, fields: [...choice.fields], owned: [...choice.owned] }
  try {
    sessionStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // There is no room: it lasts as long as the page.
  }
}

/** Only what still fits the file: the tab's store may have been changed by anybody. */
function read(key: string, importId: string, review: Review): Choice | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Kept | null
    if (kept?.importId !== importId) return undefined
    const known = (field: Field | null) => field === null || (fields as readonly Field[]).includes(field)
    return {
      fields: new Map(
        kept.fields.filter(([index, field]) => known(field) && review.columns.some((column) => column.index === index)),
      ),
      // Shelves of other columns are not known yet. What is said of one that the file has not is never sent.
      owned: new Map(kept.owned.filter(([name, owned]) => typeof name === 'string' && typeof owned === 'boolean')),
    }
  } catch {
    return undefined
  }
}
