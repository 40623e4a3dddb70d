import { createStore } from '@/store'

export interface ToastMessage {
  text: string
  tone?: 'done' | 'problem'
  action?: { label: string; run: () => void }
  /** Milliseconds; 0 stays until it is closed. */
  timeout?: number
}

/** What is to be said, until the toaster (which is fetched with the first message) takes it over. */
export const unsaid = createStore<readonly ToastMessage[]>([])

export function toast(message: ToastMessage): void {
  unsaid.set([...unsaid.get(), message])
}
