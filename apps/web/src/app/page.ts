import type { ComponentType } from 'react'
import { i18n } from '@/i18n/i18n'

type Namespace = Parameters<typeof i18n.loadNamespaces>[0]

/** A page whose code and words are fetched together, when somebody goes there. */
export function page(load: () => Promise<{ default: ComponentType }>, words: Namespace) {
  return async () => {
    const [module] = await Promise.all([load(), i18n.loadNamespaces(words)])
    return { Component: module.default }
  }
}
