import { BookOpen, Download, Ellipsis, FileUp, Plus, SearchX } from 'lucide'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorState } from '@/api/ErrorState'
import { useFormats } from '@/i18n/format'
import { IconButton, LinkButton } from '@/ui/Button'
import { EmptyState, Loading, Skeleton } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { PageHeader } from '@/ui/Layout'
import { LoadMore } from '@/ui/LoadMore'
import { Menu, MenuItem, MenuLink } from '@/ui/Menu'
import type { Book } from './book-form'
import { DeleteBookDialog } from './DeleteBookDialog'
import { ImportNotice } from './ImportNotice'
import { useShelf } from './queries'
import { ShelfRow } from './ShelfRow'
import { ShelfOrder, ShelfTools } from './ShelfTools'
import { useExport } from './useExport'
import { useLoansOfBooks } from './useLoansOfBooks'
import { useShelfView } from './useShelfView'

export default function ShelfPage() {
  const { t } = useTranslation('shelf')
  const exportShelf = useExport()
  return (
    <>
      <PageHeader
        title={t('shelf.title')}
        actions={
          <>
            <LinkButton to="/shelf/add" icon={<Icon of={Plus} className="size-5" />}>
              {t('add.title')}
            </LinkButton>
            <Menu
              trigger={
                <IconButton label={t('shelf.more')} className="border border-control bg-card">
                  <Icon of={Ellipsis} className="size-5" />
                </IconButton>
              }
            >
              <MenuLink to="/shelf/import" icon={<Icon of={FileUp} className="size-5 text-soft" />}>
                {t('startImport.title')}
              </MenuLink>
              <MenuItem icon={<Icon of={Download} className="size-5 text-soft" />} onClick={() => exportShelf.run()}>
                {t('export.action')}
              </MenuItem>
            </Menu>
          </>
        }
      />
      <ImportNotice />
      <Shelf />
    </>
  )
}

function Shelf() {
  const { t } = useTranslation('shelf')
  const { view } = useShelfView()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData } = useShelf(view)
  const loans = useLoansOfBooks()
  const [leaving, setLeaving] = useState<Book>()
  const count = useRef<HTMLParagraphElement>(null)
  const narrowed = view.text !== '' || view.part !== 'all'

  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (data && !narrowed && data.books.length === 0) return <EmptyShelf />
  return (
    <>
      <ShelfTools />
      <div className="mb-1 flex min-h-11 items-center justify-between gap-4">
        <Count ref={count} total={data?.total} narrowed={narrowed} />
        <ShelfOrder />
      </div>
      {!data ? (
        <ShelfSkeleton />
      ) : data.books.length === 0 && !hasNextPage ? (
        <EmptyState
          icon={<Icon of={SearchX} className="size-6" />}
          title={t(view.text ? 'shelf.notFound' : `shelf.none.${view.part}`, { text: view.text })}
          action={
            <LinkButton variant="secondary" to="/shelf" replace>
              {t('shelf.showAll')}
            </LinkButton>
          }
        />
      ) : (
        <ul
          aria-busy={isPlaceholderData}
          className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-card transition-opacity aria-busy:opacity-60"
        >
          {data.books.map((book) => (
            <ShelfRow key={book.id} book={book} loans={loans.get(book.id)} onDelete={() => setLeaving(book)} />
          ))}
        </ul>
      )}
      <LoadMore hasMore={hasNextPage} loading={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      {leaving && (
        <DeleteBookDialog
          key={leaving.id}
          book={leaving}
          open
          onOpenChange={(open) => !open && setLeaving(undefined)}
          onDeleted={() => {
            setLeaving(undefined)
            count.current?.focus()
          }}
        />
      )}
    </>
  )
}

/** Beyond a thousand the host stops counting what it has to look through. */
const COUNTED = 1000

function Count({
  ref,
  total,
  narrowed,
}: {
  ref: React.Ref<HTMLParagraphElement>
  total: number | undefined
  narrowed: boolean
}) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const orMore = narrowed && total !== undefined && total >= COUNTED
  return (
    <p ref={ref} tabIndex={-1} role="status" className="text-sm text-soft">
      {total !== undefined &&
        t(orMore ? 'shelf.countOrMore' : 'shelf.count', { count: total, number: format.number(total) })}
    </p>
  )
}

function EmptyShelf() {
  const { t } = useTranslation('shelf')
  return (
    <EmptyState
      icon={<Icon of={BookOpen} className="size-6" />}
      title={t('shelf.empty.title')}
      action={
        <>
          <LinkButton to="/shelf/add" icon={<Icon of={Plus} className="size-5" />}>
            {t('shelf.empty.add')}
          </LinkButton>
          <LinkButton to="/shelf/import" variant="secondary" icon={<Icon of={FileUp} className="size-5" />}>
            {t('shelf.empty.import')}
          </LinkButton>
        </>
      }
    >
      {t('shelf.empty.text')}
    </EmptyState>
  )
}

function ShelfSkeleton() {
  return (
    <Loading className="divide-y divide-line rounded-lg border border-line bg-card">
      {Array.from({ length: 6 }, (_, place) => (
        <div key={place} className="flex gap-4 p-4">
          <Skeleton className="aspect-2/3 w-14" />
          <div className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-6 w-2/3" />
            <Skeleton className="h-5 w-1/3" />
          </div>
        </div>
      ))}
    </Loading>
  )
}
