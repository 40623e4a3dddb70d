import { ChevronDown, EllipsisVertical, HandHelping, Inbox, Pencil, Trash2 } from 'lucide'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Button, IconButton } from '@/ui/Button'
import { Cover } from '@/ui/Cover'
import { DueDate } from '@/ui/DueDate'
import { StatusPill } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Menu, MenuChoice, MenuItem, MenuLink } from '@/ui/Menu'
import { Written, WrittenList } from '@/ui/Written'
import { lendings, type Book, type Lending } from './book-form'
import { useChangeLending } from './commands'
import type { LoansOfBook } from './useLoansOfBooks'

const tones = { available: 'free', reserved: 'due', on_loan: 'plain', lost: 'late', withdrawn: 'neutral' } as const

/** One of one's own books: how it stands, who has it, who asks for it, and what may become of it. */
export function ShelfRow({
  book,
  loans,
  onDelete,
}: {
  book: Book
  loans: LoansOfBook | undefined
  onDelete: () => void
}) {
  const { t } = useTranslation('shelf')
  const address = `/books/${book.id}`
  return (
    <li className="grid grid-cols-[3.5rem_minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 p-4 [contain-intrinsic-size:auto_8rem] [content-visibility:auto] md:grid-cols-[3.5rem_minmax(0,1fr)_auto_auto]">
      <div className="row-span-2 self-start md:row-span-1">
        <Cover title={book.title} authors={book.authors} url={book.coverUrl ?? null} />
      </div>
      <div className="relative flex min-w-0 flex-col gap-0.5 self-start md:self-center">
        <Written as="h2" className="text-left text-lg leading-snug">
          {/* The whole text can be tapped. */}
          <Link
            to={address}
            className="line-clamp-2 decoration-control underline-offset-4 after:absolute after:inset-0 hover:underline"
          >
            {book.title}
          </Link>
        </Written>
        <WrittenList as="p" className="truncate text-left text-soft" items={book.authors} />
        {loans && <Loans loans={loans} />}
      </div>
      <div className="-mt-2 -mr-3 self-start md:order-last md:mt-0 md:self-center">
        <Menu
          trigger={
            <IconButton label={t('row.more', { title: book.title })}>
              <Icon of={EllipsisVertical} className="size-5 text-soft" />
            </IconButton>
          }
        >
          <MenuLink to={`${address}/edit`} icon={<Icon of={Pencil} className="size-5 text-soft" />}>
            {t('row.edit')}
          </MenuLink>
          <MenuItem danger icon={<Icon of={Trash2} className="size-5" />} onClick={onDelete}>
            {t('row.delete')}
          </MenuItem>
        </Menu>
      </div>
      <div className="col-span-2 flex flex-wrap items-center gap-x-3 gap-y-2 md:col-span-1 md:flex-row-reverse">
        <LendingMenu book={book} />
        {/* What is not lent says so already. */}
        {book.status !== 'withdrawn' && <StatusPill tone={tones[book.status]}>{t(`status.${book.status}`)}</StatusPill>}
      </div>
    </li>
  )
}

function Loans({ loans: { holding, asked } }: { loans: LoansOfBook }) {
  const { t } = useTranslation('shelf')
  return (
    <div className="relative mt-1 flex flex-wrap gap-x-4 gap-y-1 self-start">
      {holding && (
        <Link to={`/loans/${holding.id}`} className={loanLink}>
          <Icon of={HandHelping} className="size-4 shrink-0" />
          <span className="min-w-0">
            <span className="font-medium">
              {t(`row.holding.${holding.status as 'active'}`, { name: holding.borrower.name })}
            </span>
            {holding.status === 'active' && holding.dueAt && (
              <>
                {' · '}
                <DueDate at={holding.dueAt} />
              </>
            )}
          </span>
        </Link>
      )}
      {asked.length > 0 && (
        <Link to={asked.length === 1 && asked[0] ? `/loans/${asked[0].id}` : '/loans'} className={loanLink}>
          <Icon of={Inbox} className="size-4 shrink-0" />
          <span className="font-medium">{t('row.asked', { count: asked.length, name: asked[0]?.borrower.name })}</span>
        </Link>
      )}
    </div>
  )
}

const loanLink =
  'inline-flex min-h-6 items-center pointer-coarse:min-h-11 gap-1.5 text-sm underline decoration-line underline-offset-4 hover:decoration-current'

function LendingMenu({ book }: { book: Book }) {
  const { t } = useTranslation('shelf')
  const change = useChangeLending(book)
  const current = lendings.find((lending) => lending === book.lending) ?? 'off'
  const word = t(`lending.${current}`)
  return (
    <Menu
      trigger={
        <Button
          variant="secondary"
          size="small"
          aria-label={t('row.lending', { lending: word, title: book.title })}
          className="md:min-w-36 md:justify-between"
        >
          {word}
          <Icon of={ChevronDown} className="size-4 text-soft" />
        </Button>
      }
    >
      <MenuChoice<Lending>
        label={t('field.lending')}
        value={current}
        options={lendings.map((lending) => ({ value: lending, label: t(`lending.${lending}`) }))}
        onChange={(lending) => lending !== current && change.run({ lending, version: book.version })}
      />
    </Menu>
  )
}
