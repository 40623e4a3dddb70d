import { Link } from 'react-router'
import { capitalised } from '@/i18n/sentence'
import { classes } from '@/ui/classes'
import { Written } from '@/ui/Written'

/**
 * The name of a member, which leads to who they are. `tall`: it is what one aims at, not a word in a line. Who has left is
 * nowhere to be seen: the words for them lead nowhere. `first`: a sentence begins with it.
 */
export function PersonLink({
  person,
  tall = false,
  first = tall,
  className,
}: {
  person: { id: string; name: string; left?: boolean }
  tall?: boolean
  first?: boolean
  className?: string
}) {
  if (person.left)
    return (
      <span className={classes(tall && 'inline-flex min-h-11 items-center py-2', className)}>
        {first ? capitalised(person.name) : person.name}
      </span>
    )
  return (
    <Link
      to={`/people/${person.id}`}
      className={classes(
        'underline decoration-line underline-offset-4 hover:decoration-current',
        tall && 'inline-flex min-h-11 max-w-full items-center py-2',
        className,
      )}
    >
      <Written>{person.name}</Written>
    </Link>
  )
}
