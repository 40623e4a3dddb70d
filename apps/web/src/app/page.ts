import type { ComponentType } from 'react'
import { i18n } from '@/i18n/i18n'

type Words = Parameters<typeof i18n.loadNamespaces>[0]

/** A page whose code and words are fetched together, when somebody goes there: also the words for refused commands. */
export function page(load: () => Promise<{ default: ComponentType }>, words: Words) {
  return async () => {
    const [module] = await Promise.all([load(), i18n.loadNamespaces(['refusals', ...[words].flat()])])
    return { Component: module.default }
  }
}
