import { Written } from './Written'

/** The words of a member or a moderator, set apart from the text around them. */
export function Quote({ children }: { children: string }) {
  return (
    <Written as="blockquote" className="my-1 border-l-2 border-line pl-3 whitespace-pre-line text-soft">
      {children}
    </Written>
  )
}
