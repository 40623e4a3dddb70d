import { FileUp } from 'lucide'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'

/** The input fills its frame: what is dropped anywhere on it is dropped on the input, as browsers know to take it. */
export function FileDrop({ onFile, hint }: { onFile: (file: File) => void; hint: string | undefined }) {
  const { t } = useTranslation('shelf')
  const [over, setOver] = useState(false)
  const id = useId()
  return (
    <div
      className={classes(
        'relative flex flex-col items-center gap-3 rounded-lg border-2 border-dashed px-6 py-10 text-center transition-colors',
        'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ink',
        over ? 'border-ink bg-sunken' : 'border-control bg-card has-hover:bg-sunken',
      )}
    >
      <Icon of={FileUp} className="size-10 text-soft" />
      <label htmlFor={id}>
        <span className="link">{t('startImport.choose')}</span>{' '}
        <span className="hidden pointer-fine:inline">{t('startImport.orDrop')}</span>
      </label>
      <p id={`${id}-hint`} className="min-h-lh text-sm text-balance text-soft">
        {hint}
      </p>
      <input
        id={id}
        type="file"
        accept=".csv,.tsv,.tab,.txt,.json,text/*,application/json,application/vnd.ms-excel"
        className="absolute inset-0 size-full cursor-pointer opacity-0"
        aria-describedby={`${id}-hint`}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
        onDrop={() => setOver(false)}
        onChange={({ target }) => {
          const [file] = target.files ?? []
          // The same file, mended, may be chosen again.
          target.value = ''
          if (file) onFile(file)
        }}
      />
    </div>
  )
}
