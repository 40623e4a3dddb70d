import type { Page } from './fixtures'

/** What the host tells of jobs while one runs and others failed, wait or are off. */
export async function jobsRun(page: Page): Promise<void> {
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const run = { id: '01936f8e-0000-7000-8000-000000000001', startedAt: at(-4), done: 0, counts: {}, cancelling: false }
  const data = [
    {
      name: 'books.forget_words',
      schedule: '30 3 * * *',
      dueAt: at(600),
      current: { ...run, done: 41_500, total: 120_000 },
      last: { ...run, endedAt: at(-1440), outcome: 'done', counts: { words: 12, names: 1, slips: 0 } },
    },
    {
      name: 'members.reconcile',
      schedule: '0 5 * * *',
      dueAt: at(700),
      current: { ...run, done: 1500, cancelling: true },
    },
    {
      name: 'notifications.forget_old',
      schedule: '40 3 * * *',
      dueAt: at(10),
      last: {
        ...run,
        endedAt: at(-3),
        outcome: 'failed',
        code: 'DATABASE',
        error: 'error returned from database: canceling statement due to statement timeout',
        counts: { notifications: 20_500 },
      },
    },
    { name: 'books.forget_imports', schedule: 'off', last: { ...run, endedAt: at(-90), outcome: 'cancelled' } },
    { name: 'community.count_month', schedule: '0 4 1 * *', dueAt: at(9000), askedAt: at(0) },
  ]
  await page.route('**/api/v1/admin/jobs', (route) => route.fulfill({ json: { success: true, data } }))
}

export async function monthsCounted(page: Page): Promise<void> {
  const titles = [
    'Emma',
    'Pride and Prejudice',
    'Middlemarch',
    'Die Verwandlung und andere Erzählungen aus dem Nachlass',
  ]
  const data = Array.from({ length: 12 }, (_, back) => ({
    month: `${back < 10 ? 2026 : 2025}-${String(back < 10 ? 10 - back : 22 - back).padStart(2, '0')}`,
    madeAt: '2026-11-01T03:00:00Z',
    books: 12_400 - 310 * back,
    newBooks: 310,
    requests: 96 - back,
    loans: 71 - back,
    given: 3,
    returned: 64 - back,
    late: back % 3,
    members: 214 - 5 * back,
    newMembers: 5,
    mostAsked: titles.map((title, nth) => ({ title, author: 'Jane Austen', requests: 9 - nth })),
  }))
  await page.route('**/api/v1/admin/months', (route) => route.fulfill({ json: { success: true, data } }))
}

export async function nothingCounted(page: Page): Promise<void> {
  await page.route('**/api/v1/admin/months', (route) => route.fulfill({ json: { success: true, data: [] } }))
}
