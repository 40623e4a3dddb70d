import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { PageHeader } from '@/ui/Layout'
import { Added } from './Added'
import { DescribeBook } from './DescribeBook'
import { FindByIsbn } from './FindByIsbn'

const steps = ['isbn', 'details', 'done'] as const

/** ISBN or not, description, done: a step is a part of the address, so that the browser's back button goes back one. */
export default function AddBookPage() {
  const { t } = useTranslation('shelf')
  const [search] = useSearchParams()
  const step = steps.find((step) => step === search.get('step')) ?? 'isbn'
  const shown = useRef(step)
  useEffect(() => {
    if (shown.current === step) return
    shown.current = step
    document.getElementById('main')?.focus({ preventScroll: true })
    scrollTo({ top: 0 })
  }, [step])

  return (
    <div className="mx-auto max-w-2xl">
      <PageHeader
        title={t('add.title')}
        back={{ to: '/shelf', label: t('shelf.title') }}
        {...(step !== 'done' && { lead: t(`add.lead.${step}`) })}
      />
      {step === 'isbn' && <FindByIsbn />}
      {step === 'details' && <DescribeBook />}
      {step === 'done' && <Added id={search.get('book') ?? ''} />}
    </div>
  )
}
