import { Fragment, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { searchOf } from '@/features/catalogue'
import { Written } from '@/ui/Written'

const SHOWN = 5

/** Who wrote it; each name leads to what else they wrote. Of many the first few. */
export function Authors({ names }: { names: readonly string[] }) {
  const { t } = useTranslation('book')
  const [all, setAll] = useState(false)
  const many = names.length > SHOWN + 1
  const shown = many && !all ? names.slice(0, SHOWN) : names
  return (
    <p className="text-lg/7 text-soft">
      {shown.map((name, place) => (
        <Fragment key={name}>
          {place > 0 && ', '}
          <Link
            to={{ pathname: '/', search: searchOf({ q: name }) }}
            className="py-3 underline decoration-line underline-offset-4 hover:text-ink hover:decoration-current"
          >
            <Written>{name}</Written>
          </Link>
        </Fragment>
      ))}
      {many && (
        <>
          {' '}
          <button type="button" aria-expanded={all} onClick={() => setAll(!all)} className="min-h-6 link">
            {all ? t('page.fewerAuthors') : t('page.moreAuthors', { count: names.length - SHOWN })}
          </button>
        </>
      )}
    </p>
  )
}
