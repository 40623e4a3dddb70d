import { Download } from 'lucide'
import { Trans, useTranslation } from 'react-i18next'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { Card } from '@/ui/Layout'
import { saveFile } from '@/ui/saveFile'
import { exampleFile } from './example-file'

const sources = [
  'goodreads',
  'librarything',
  'storygraph',
  'calibre',
  'openreads',
  'bookwyrm',
  'inventaire',
  'babelio',
  'libib',
  'folkshelf',
  'isbnList',
] as const

/** Which files are understood, and how to make one. */
export function FormatsExplained() {
  const { t } = useTranslation('shelf')
  return (
    <section className="flex flex-col gap-3">
      <h2 className="text-heading">{t('formats.title')}</h2>
      <Card className="flex flex-col gap-5">
        <dl className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
          {sources.map((source) => (
            <div key={source}>
              <dt className="font-medium">{t(`formats.${source}.name`)}</dt>
              <dd className="text-soft">{t(`formats.${source}.how`)}</dd>
            </div>
          ))}
          <div className="sm:col-span-2">
            <dt className="font-medium">{t('formats.own.name')}</dt>
            <dd className="text-soft">
              <Trans t={t} i18nKey="formats.own.how" components={{ code: <code className="text-sm text-ink" /> }} />
            </dd>
          </div>
        </dl>
        <Button
          variant="secondary"
          className="sm:self-start"
          icon={<Icon of={Download} className="size-5" />}
          onClick={() => saveFile(exampleFile(), t('formats.exampleName'))}
        >
          {t('formats.example')}
        </Button>
      </Card>
    </section>
  )
}
