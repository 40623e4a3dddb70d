import { CalendarPlus } from 'lucide'
import { useTranslation } from 'react-i18next'
import { api, askFile } from '@/api/client'
import { useCommand } from '@/api/useCommand'
import { Button } from '@/ui/Button'
import { Icon } from '@/ui/Icon'
import { saveFile } from '@/ui/saveFile'
import type { Loan } from './loan'

/** The day of a loan as a file, which phones and desktops open with their calendar. */
export function CalendarButton({ loan }: { loan: Loan }) {
  const { t, i18n } = useTranslation('loans')
  const parameters = { path: { id: loan.id }, query: { language: i18n.language } }
  const fetchDay = useCommand({
    send: () => askFile(api.GET('/api/v1/borrows/{id}/calendar.ics', { params: parameters, parseAs: 'blob' })),
    onDone: (file) => saveFile(new Blob([file], { type: 'text/calendar' }), t('calendar.fileName')),
  })
  if (loan.status !== 'approved' && loan.status !== 'active') return null
  return (
    <Button variant="quiet" size="small" className="-ml-3" pending={fetchDay.pending} onClick={() => fetchDay.run()}>
      <Icon of={CalendarPlus} className="size-5" />
      {t('calendar.add')}
    </Button>
  )
}
