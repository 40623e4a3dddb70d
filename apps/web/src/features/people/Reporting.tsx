import { lazy, Suspense } from 'react'
import type { ReportDialogProps } from './ReportDialog'

const ReportDialog = lazy(() => import('./ReportDialog'))

/** The dialog with its form: fetched when somebody wants to report. `open`: `undefined` as long as nobody did. */
export function Reporting({ open, ...rest }: Omit<ReportDialogProps, 'open'> & { open: boolean | undefined }) {
  if (open === undefined) return null
  return (
    <Suspense fallback={null}>
      <ReportDialog open={open} {...rest} />
    </Suspense>
  )
}
