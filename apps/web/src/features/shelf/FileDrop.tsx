import { FileUp } from 'lucide-react'
import { useId, useState, type DragEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from '@/ui/classes'

/** A place to drop a file, which is at the same time the button that opens the file picker. */
export function FileDrop({ onFile, hint }: { onFile: (file: File) => void; hint: string }) {
  const { t } = useTranslation('shelf')
  const [over, setOver] = useState(false)
  const hintId = useId()

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    const [file] = event.dataTransfer.files
    if (file) onFile(file)
  }

  return (
    <label
      className={classes(
        'flex cursor-pointer flex-col items-center gap-3 rounded-lg border-2 border-dashed px-6 py-10 text-center transition-colors',
        'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
        over ? 'border-accent bg-accent-soft' : 'border-control bg-card hover:bg-sunken',
      )}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        type="file"
        accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values"
        className="sr-only"
        aria-describedby={hintId}
        onChange={({ target }) => {
          const [file] = target.files ?? []
          // The same file, mended, may be chosen again.
          target.value = ''
          if (file) onFile(file)
        }}
      />
      <FileUp aria-hidden className="size-10 text-accent" />
      <span>
        <span className="font-medium text-accent underline underline-offset-4">{t('startImport.choose')}</span>
        <span className="hidden pointer-fine:inline"> {t('startImport.orDrop')}</span>
      </span>
      <span id={hintId} className="text-sm text-soft">
        {hint}
      </span>
    </label>
  )
}
