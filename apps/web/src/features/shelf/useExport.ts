import { useTranslation } from 'react-i18next'
import { api, askFile } from '@/api/client'
import { useCommand } from '@/api/useCommand'
import { saveFile } from '@/ui/saveFile'

/** Hands one's shelf over as a file. */
export function useExport() {
  const { t } = useTranslation('shelf')
  return useCommand({
    send: () => askFile(api.GET('/api/v1/books/export', { parseAs: 'blob' })),
    onDone: (file) => saveFile(file, t('export.fileName', { day: new Date().toISOString().slice(0, 10) })),
    said: t('export.said'),
  })
}

/** Hands back the file of an import, as its owner sent it. */
export function useOriginal(id: string) {
  const { t } = useTranslation('shelf')
  return useCommand({
    send: () => askFile(api.GET('/api/v1/books/imports/{id}/file', { params: { path: { id } }, parseAs: 'blob' })),
    onDone: (file) => {
      // The host does not tell what it was called; programs go by the ending.
      void file
        .slice(0, 1)
        .text()
        .then((first) => {
          saveFile(file, t('original.fileName', { ending: first === '{' || first === '[' ? 'json' : 'csv' }))
        })
    },
    said: t('original.said'),
  })
}
