import { Link } from 'react-router'
import { classes } from '@/ui/classes'
import { Written } from '@/ui/Written'

/** The name of a member, which leads to who they are. `tall`: it is what one aims at, not a word in a line. */
export function PersonLink({
  person,
  tall = false,
  className,
}: {
  person: { id: string; name: string }
  tall?: boolean
  className?: string
}) {
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
