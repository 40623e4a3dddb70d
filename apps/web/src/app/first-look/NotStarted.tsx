import type { FirstWords } from '@/i18n/first-words'
import { buttonLook } from '@/ui/button-look'

/** In place of the app, which could not be fetched or fails. Without hooks: it needs nothing of the app. */
export function NotStarted({ words: { common, errors }, fetched }: { words: FirstWords; fetched: boolean }) {
  return (
    <main className="mx-auto max-w-2xl p-4">
      <div
        role="alert"
        className="flex flex-col items-center gap-3 rounded-lg border border-line bg-card px-6 py-10 text-center"
      >
        <h1 className="text-heading">{common.problem.title}</h1>
        <p className="max-w-prose text-soft">{fetched ? errors.INTERNAL : errors.NETWORK}</p>
        <a href={location.pathname + location.search} className={buttonLook('secondary', 'medium')}>
          {common.problem.retry}
        </a>
      </div>
    </main>
  )
}
