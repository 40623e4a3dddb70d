import { Search } from 'lucide'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRoles } from '@/api/useSession'
import { Field } from '@/ui/Field'
import { Icon } from '@/ui/Icon'
import type { Changes } from './member-filters'
import type { MemberFilters } from './queries'
import { useRoleText } from './roles'

const PAUSE = 250

export function MemberSearch({ filters, onChange }: { filters: MemberFilters; onChange: (changes: Changes) => void }) {
  const { t } = useTranslation('administration')
  const roleText = useRoleText()
  const roles = useRoles().data ?? []
  return (
    <search className="mb-4 grid gap-x-4 gap-y-3 sm:grid-cols-[2fr_1fr_1fr]">
      <NameSearch q={filters.q ?? ''} onChange={onChange} />
      <Field label={t('members.role')}>
        {(control) => (
          <select
            className="control"
            value={filters.role ?? ''}
            onChange={(event) => onChange({ role: event.target.value })}
            {...control}
          >
            <option value="">{t('members.anyRole')}</option>
            {roles.map(({ name }) => (
              <option key={name} value={name}>
                {roleText(name).name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('members.standing')}>
        {(control) => (
          <select
            className="control"
            value={filters.active === undefined ? '' : String(filters.active)}
            onChange={(event) => onChange({ active: event.target.value })}
            {...control}
          >
            <option value="">{t('members.anyStanding')}</option>
            <option value="true">{t('members.active')}</option>
            <option value="false">{t('members.inactive')}</option>
          </select>
        )}
      </Field>
    </search>
  )
}

/** Searches when one pauses typing. */
function NameSearch({ q, onChange }: { q: string; onChange: (changes: Changes) => void }) {
  const { t } = useTranslation('administration')
  const [text, setText] = useState(q)
  const asked = useRef(q)
  useEffect(() => {
    const words = text.trim()
    if (words === asked.current) return
    const pause = setTimeout(() => {
      asked.current = words
      onChange({ q: words })
    }, PAUSE)
    return () => clearTimeout(pause)
  }, [text, onChange])
  useEffect(() => {
    // The address was changed elsewhere: by the back button, or by who wants to see all again.
    if (q === asked.current) return
    asked.current = q
    setText(q)
  }, [q])
  return (
    <Field label={t('members.search')}>
      {(control) => (
        <div className="relative">
          <Icon of={Search} className="pointer-events-none absolute top-3 left-3 size-5 text-soft" />
          <input
            type="search"
            className="control pl-10"
            autoComplete="off"
            maxLength={200}
            value={text}
            onChange={(event) => setText(event.target.value)}
            {...control}
          />
        </div>
      )}
    </Field>
  )
}
