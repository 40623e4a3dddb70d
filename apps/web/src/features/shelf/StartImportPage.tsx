import { useQuery } from '@tanstack/react-query'
import { FileSpreadsheet } from 'lucide'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { community } from '@/api/community'
import { ApiProblem } from '@/api/problem'
import { useProblemText } from '@/api/useProblemText'
import { useFormats } from '@/i18n/format'
import { Button } from '@/ui/Button'
import { Notice } from '@/ui/Feedback'
import { Icon } from '@/ui/Icon'
import { Card, PageHeader } from '@/ui/Layout'
import { Progress } from '@/ui/Progress'
import { Written } from '@/ui/Written'
import { useStartImport } from './commands'
import { FileDrop } from './FileDrop'
import { FormatsExplained } from './FormatsExplained'
import { useFormatName } from './import-format'
import type { ImportSummary } from './imports'
import { isUnderWay, useImports } from './queries'

export default function StartImportPage() {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const navigate = useNavigate()
  const problemText = useProblemText()
  const limits = useQuery(community).data?.imports
  const [file, setFile] = useState<File>()
  const [sent, setSent] = useState(0)
  const [refused, setRefused] = useState<string>()

  const start = useStartImport(setSent, {
    onDone: ({ id }) => void navigate(`/shelf/import/${id}`),
    onProblem(problem) {
      setRefused(whyNot(problem))
      return true
    },
  })

  function whyNot(problem: unknown): string {
    if (problem instanceof ApiProblem && problem.code === 'VALIDATION_ERROR') return t('startImport.notReadable')
    if (problem instanceof ApiProblem && problem.code === 'TOO_MANY_IMPORTS') return t('startImport.tooMany')
    return problemText(problem)
  }

  function take(file: File) {
    setFile(file)
    setSent(0)
    // The host closes the connection on a file that is too large, and its answer is lost: the app does not send such a file.
    const tooLarge = limits && file.size > limits.maxBytes
    const refused = file.size === 0 ? 'empty' : tooLarge ? 'tooLarge' : isWorkbook(file) ? 'workbook' : undefined
    setRefused(refused && t(`startImport.${refused}`))
    if (!refused) start.run(file)
  }

  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader
        title={t('startImport.title')}
        lead={t('startImport.lead')}
        back={{ to: '/shelf', label: t('shelf.title') }}
      />
      <div className="flex flex-col gap-6">
        {start.pending && file ? (
          <Card className="flex flex-col gap-4">
            <p className="flex items-center gap-3">
              <Icon of={FileSpreadsheet} className="size-6 shrink-0 text-soft" />
              <Written as="span" className="min-w-0 truncate">
                {file.name}
              </Written>
            </p>
            <Progress
              label={t(sent < 1 ? 'startImport.sending' : 'startImport.reading')}
              value={sent < 1 ? sent : undefined}
              text={sent < 1 ? format.percent(sent) : ''}
            />
          </Card>
        ) : (
          <FileDrop
            onFile={take}
            hint={
              limits &&
              t('startImport.limit', { size: format.megabytes(limits.maxBytes), rows: format.number(limits.maxRows) })
            }
          />
        )}
        <div role="alert" className="empty:hidden">
          {refused && file && (
            <Notice tone="late">
              <Written as="p" className="font-medium">
                {file.name}
              </Written>
              <p>{refused}</p>
            </Notice>
          )}
        </div>
        <EarlierImports />
        <FormatsExplained />
      </div>
    </div>
  )
}

/** Imports that are listed at first, besides those that wait for the member. */
const LATEST = 10

function EarlierImports() {
  const { t } = useTranslation('shelf')
  const { data: imports = [] } = useImports()
  const [all, setAll] = useState(false)
  if (imports.length === 0) return null
  const shown = all
    ? imports
    : imports.filter(({ failed, noted, status }, place) => place < LATEST || failed + noted > 0 || status === 'review')
  return (
    <section className="flex flex-col gap-3">
      <h2 className="text-heading">{t('startImport.earlier')}</h2>
      <ul className="divide-y divide-line rounded-lg border border-line bg-card">
        {shown.map((summary) => (
          <EarlierImport key={summary.id} summary={summary} />
        ))}
      </ul>
      {shown.length < imports.length && (
        <Button variant="quiet" className="self-start" onClick={() => setAll(true)}>
          {t('startImport.showAll')}
        </Button>
      )}
    </section>
  )
}

/** Workbooks of spreadsheet programs are no text: members save them as CSV first. */
function isWorkbook({ name }: File): boolean {
  return /\.(xlsx?|xlsm|ods|numbers)$/i.test(name)
}

function EarlierImport({ summary }: { summary: ImportSummary }) {
  const { t } = useTranslation('shelf')
  const format = useFormats()
  const formatName = useFormatName()
  const { id, status, imported, failed, noted, createdAt } = summary
  return (
    <li>
      <Link
        to={`/shelf/import/${id}`}
        className="flex min-h-14 flex-wrap items-center justify-between gap-x-4 px-4 py-3 hover:bg-sunken"
      >
        <span>
          {format.moment(createdAt)}
          {summary.format && <span className="block text-sm text-soft">{formatName(summary.format)}</span>}
        </span>{' '}
        <span className="text-soft">
          {status === 'review' ? (
            <span className="font-medium text-due">{t('startImport.waiting')}</span>
          ) : isUnderWay(summary) ? (
            t('startImport.running')
          ) : (
            t('startImport.took', { count: imported, number: format.number(imported) })
          )}
          {failed > 0 && (
            <span className="font-medium text-due">
              {' · '}
              {t('startImport.toRepair', { count: failed, number: format.number(failed) })}
            </span>
          )}
          {noted > 0 && (
            <span className="font-medium text-due">
              {' · '}
              {t('startImport.noted', { count: noted, number: format.number(noted) })}
            </span>
          )}
        </span>
      </Link>
    </li>
  )
}
