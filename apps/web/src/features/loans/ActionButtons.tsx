import { useQueryClient } from '@tanstack/react-query'
import { Ellipsis } from 'lucide'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BlockDialog, Reporting } from '@/features/people'
import { Button, IconButton, LinkButton } from '@/ui/Button'
import { classes } from '@/ui/classes'
import { Icon } from '@/ui/Icon'
import { Menu, MenuItem } from '@/ui/Menu'
import { toast } from '@/ui/toast'
import { ActionDialog } from './dialogs/ActionDialog'
import { actionsOf, allows, needs, otherOf, statusId, type Action, type Loan, type Part } from './loan'

/** On phones the buttons fill the line. */
const growing = 'max-sm:[&>*:not([aria-haspopup])]:grow'

const dangerous: readonly Action[] = ['cancel', 'reportLost', 'notReceived']

/** What somebody can do with a loan: the next step in front, the rest behind it. `compact`: in a list, the next step alone. */
export function ActionButtons({
  loan,
  part,
  gives = false,
  compact = false,
}: {
  loan: Loan
  part: Part
  gives?: boolean
  compact?: boolean
}) {
  const { t } = useTranslation('loans')
  const queries = useQueryClient()
  const actions = actionsOf(loan, part)
  const { main, beside, more } = actions
  const [blocking, setBlocking] = useState<boolean>()
  const [reporting, setReporting] = useState<boolean>()
  const [chosen, setChosen] = useState<{ action: Action; open: boolean; nth: number }>()
  const hasMoved = useRef(false)
  const open = (action: Action) => {
    hasMoved.current = false
    setChosen({ action, open: true, nth: (chosen?.nth ?? 0) + 1 })
  }
  const close = useCallback(() => setChosen((now) => now && { ...now, open: false }), [])
  const moved = useCallback(() => {
    hasMoved.current = true
    close()
  }, [close])
  // After a step, focus goes to the new status. After a cancelled dialog, it returns to the button.
  const finalFocus = () => (hasMoved.current ? document.getElementById(statusId(loan)) : null)

  // The other side was faster: what is asked for in the dialog can no longer be done.
  const overtaken = Boolean(chosen?.open && !allows(actions, chosen.action))
  useEffect(() => {
    if (!overtaken) return
    // In a turn of its own: a dialog asks where the focus goes before this page is drawn anew.
    queueMicrotask(moved)
    // What is under way gets an answer of its own.
    if (queries.isMutating() === 0) toast({ tone: 'problem', text: t('overtaken') })
  }, [overtaken, moved, queries, t])

  if (!main && !beside && more.length === 0 && !chosen && blocking === undefined && reporting === undefined) return null
  return (
    <div className={classes('relative z-10 flex flex-wrap items-center gap-3', growing)}>
      {/* By its key a button whose meaning changes is another one: the focus does not stay on it. */}
      {main &&
        // The code is shown on the loan's own page.
        (compact && main === 'handOver' ? (
          <LinkButton to={`/loans/${loan.id}`} variant="secondary" size="small">
            {t(`action.${main}`)}
          </LinkButton>
        ) : (
          <Button
            key={main}
            size={compact ? 'small' : 'medium'}
            // Of a list no loan is the one that the page is for.
            variant={!compact && needs(loan, part) ? 'primary' : 'secondary'}
            onClick={() => open(main)}
          >
            {t(`action.${main}`)}
          </Button>
        ))}
      {/* In one: the three dots never stand in a line of their own. */}
      <div className={classes('flex items-center gap-3 empty:hidden', growing)}>
        {beside && (!compact || main === 'approve') && (
          <Button
            key={beside}
            size={compact ? 'small' : 'medium'}
            variant={compact ? 'quiet' : 'secondary'}
            onClick={() => open(beside)}
          >
            {t(`action.${beside}`)}
          </Button>
        )}
        {!compact && part !== 'moderator' && (main || beside || more.length > 0) && (
          <Menu
            trigger={
              <IconButton label={t('action.more')}>
                <Icon of={Ellipsis} className="size-5" />
              </IconButton>
            }
          >
            {more.map((action) => (
              <MenuItem key={action} danger={dangerous.includes(action)} onClick={() => open(action)}>
                {t(`action.${action}`)}
              </MenuItem>
            ))}
            <MenuItem onClick={() => setReporting(true)}>{t('action.report')}</MenuItem>
            <MenuItem danger onClick={() => setBlocking(true)}>
              {t('action.block')}
            </MenuItem>
          </Menu>
        )}
      </div>
      {blocking !== undefined && (
        <BlockDialog
          person={otherOf(loan, part)}
          open={blocking}
          onOpenChange={setBlocking}
          landing={() => document.getElementById(statusId(loan))}
        />
      )}
      <Reporting person={otherOf(loan, part)} loanId={loan.id} open={reporting} onOpenChange={setReporting} />
      {chosen && (
        <ActionDialog
          key={chosen.nth}
          action={chosen.action}
          dialog={{ open: chosen.open, close, finalFocus }}
          loan={loan}
          gives={gives}
          moved={moved}
        />
      )}
    </div>
  )
}
